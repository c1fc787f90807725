"""RabbitMQ's management interface, read only: what AMQP does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from gateway.definitions import vhost_of
from gateway.errors import UnavailableError
from gateway.settings import Broker

SECONDS = 10.0
NOT_ALLOWED = {401, 403}


class NotAllowedError(UnavailableError):
    """The interface answers, but this user may not see what was asked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at the broker: by name, queues and exchanges as the interface describes them, and bindings."""

    queues: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    exchanges: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bindings: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)


async def see(broker: Broker) -> Seen | None:
    """Everything in the broker's virtual host; None where no interface is configured. Raises UnavailableError."""
    if broker.management_url is None:
        return None
    vhost = vhost_of(broker.url)
    bindings: dict[str, set[tuple[str, str]]] = {}
    for row in await get(broker.management_url, "bindings", vhost):
        bindings.setdefault(row["destination"], set()).add((row["source"], row["routing_key"]))
    queues = await get(broker.management_url, "queues", vhost)
    exchanges = await get(broker.management_url, "exchanges", vhost)
    return Seen({row["name"]: row for row in queues}, {row["name"]: row for row in exchanges}, bindings)


async def get(management_url: str, *path: str) -> Any:
    """What `/api/<path>` answers. Raises NotAllowedError or UnavailableError, neither with the password."""
    base = URL(management_url)
    raw = f"{base.path.rstrip('/')}/api/{'/'.join(quote(part, safe='') for part in path)}"
    url = base.with_user(None).with_path(raw, encoded=True)
    auth = aiohttp.BasicAuth(base.user or "guest", base.password or "guest")
    where = f"the management interface at {base.host}:{base.port}"
    try:
        async with (
            aiohttp.ClientSession(auth=auth, timeout=aiohttp.ClientTimeout(total=SECONDS)) as http,
            http.get(url) as response,
        ):
            if response.status in NOT_ALLOWED:
                raise NotAllowedError(f"{where} does not show {path[0]} to this user")
            response.raise_for_status()
            return await response.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise UnavailableError(f"{where} fails: {type(error).__name__}") from None
