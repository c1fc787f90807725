"""A service that publishes over HTTP, and the gateway's HTTP side in this process."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from prometheus_client import REGISTRY

from gateway import broker as gateway_broker
from gateway.http_events.endpoint import events_endpoint
from gateway.http_events.keys import hashed
from gateway.ledger import open_ledger
from gateway.settings import Http, Publisher, Settings, accounts
from gateway.web import application, serve

KEY = "gwp_a-key-of-the-tests-and-of-nobody-else"
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
PUBLISHERS = {
    "school": Publisher(key_hash=hashed(KEY), types=("gd_accounting.*",)),
    "narrow": Publisher(key_hash=hashed("narrow"), types=("gd_accounting.credit-sync",), accounts=("other*",)),
}


@dataclass(frozen=True)
class Reply:
    """What a request was answered."""

    status: int
    media_type: str
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Poster:
    """Posts to the endpoint under a key."""

    address: str
    http: aiohttp.ClientSession
    key: str | None = KEY

    async def post(self, body: Any, content_type: str = STRUCTURED, **headers: str) -> Reply:
        """`body`: bytes as they are, or what becomes JSON. Headers are named with `_` for `-`."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.key is not None:
            given = {"Authorization": f"Bearer {self.key}", **given}
        async with self.http.post(f"{self.address}/events", data=BytesIO(raw), headers=given) as response:
            return Reply(response.status, response.content_type, dict(response.headers), await response.text())

    def under(self, key: str | None) -> "Poster":
        """The same with another key, or none."""
        return Poster(self.address, self.http, key)


@asynccontextmanager
async def posting(settings: Settings, publishers: Mapping[str, Publisher] | None = None) -> AsyncIterator[Poster]:
    """The HTTP side on these settings, with these publishers or the ones above."""
    told = Http(port=0, publishers=PUBLISHERS if publishers is None else publishers)
    configured = settings.model_copy(update={"http": told})
    own = accounts(configured)
    async with (
        open_ledger(configured.ledger.url) as ledger,
        events_endpoint(configured, own) as endpoint,
        serve(application(own, ledger, _ready, more=endpoint.routes()), told) as address,
        aiohttp.ClientSession() as http,
    ):
        yield Poster(address, http)


def connections_counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the connections to the broker that are opened from now on; they are opened all the same."""
    opened: list[str] = []
    real = gateway_broker._open

    async def counting(broker: Any, name: str) -> Any:
        opened.append(name)
        return await real(broker, name)

    monkeypatch.setattr(gateway_broker, "_open", counting)
    return opened


async def _ready() -> dict[str, str]:
    return {}


def refusal(reply: Reply, status: int, kind: str) -> str:
    """The detail of a refusal, which has to be one of this kind."""
    assert reply.status == status, reply.text
    assert reply.media_type == "application/problem+json"
    told = reply.json
    assert told["type"] == f"urn:provincial-gateway:problem:{kind}"
    assert told["status"] == status
    assert any("\u4e00" <= character <= "\u9fff" for character in told["title"])
    return str(told["detail"])


def counted(publisher: str, status: int) -> float:
    """How many events of this publisher were answered so."""
    labels = {"publisher": publisher, "status": str(status)}
    return REGISTRY.get_sample_value("gateway_http_events_total", labels) or 0
