"""Events to work on, by the thousand: bodies made by filling in a template, published by the thousand."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.bench.wire import Route, Wire

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
CREDIT = SAMPLES / "gd_accounting" / "10-credit.json"
ROUTE = Route("gateway.events", "gd_accounting.default.credit-sync", "application/cloudevents+json")
"""To the gateway."""

GROUP, IN_FLIGHT = 500, 5000
"""Messages written at a time, and at most unconfirmed when the next are written."""

_ID, _TICKET = "%EVENT%", "%TICKET%"


def credit_syncs(count: int, lanes: int | None = None, *, first: int = 0) -> Iterator[bytes]:
    """Bodies of `count` different credit-syncs from number `first` on, in `lanes` lanes; None: each in its own."""
    sample = json.loads(CREDIT.read_bytes())
    sample.pop("subject", None)  # or it would be the lane
    sample["id"], sample["data"]["ticket"] = _ID, _TICKET
    head, middle, tail = json.dumps(sample, ensure_ascii=False).replace(_TICKET, _ID).split(_ID)
    for number in range(first, first + count):
        lane = number if lanes is None else number % lanes
        yield f"{head}bench-{number}{middle}{lane:032x}{tail}".encode()


async def publish(url: str, bodies: Iterable[bytes], route: Route = ROUTE) -> int:
    """Publish them, persistent, mandatory and confirmed, thousands at a time; gives the count. Raises WireError."""
    wire = await Wire.connect(url)
    published = 0
    for group in _grouped(bodies, GROUP):
        await wire.publish(group, route, IN_FLIGHT)
        published += len(group)
    await wire.confirmed()
    await wire.close()
    return published


def _grouped(bodies: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    left = iter(bodies)
    while group := list(itertools.islice(left, size)):
        yield group
