"""Events to work on, by the thousand: bodies made by filling in a template, confirms by the thousand in flight."""

import asyncio
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import aiormq
from pamqp.commands import Basic

SAMPLES = Path(__file__).parents[2] / "deploy" / "samples"
CREDIT = SAMPLES / "gd_accounting" / "10-credit.json"
EVENTS = "gateway.events"
KEY = "gd_accounting.default.credit-sync"
IN_FLIGHT = 1000
"""Confirms that are waited for at a time."""

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


async def publish(url: str, bodies: Iterable[bytes], *, exchange: str = EVENTS, routing_key: str = KEY) -> int:
    """Publish as any publisher should, persistent, mandatory and confirmed, but many at a time; gives the count."""
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True)
        published = 0
        for group in _grouped(bodies, IN_FLIGHT):
            await asyncio.gather(*(_one(channel, body, exchange, routing_key) for body in group))
            published += len(group)
        return published
    finally:
        await connection.close()


async def _one(channel: aiormq.abc.AbstractChannel, body: bytes, exchange: str, routing_key: str) -> None:
    properties = Basic.Properties(content_type="application/cloudevents+json", delivery_mode=2)
    await channel.basic_publish(
        body, exchange=exchange, routing_key=routing_key, properties=properties, mandatory=True
    )


def _grouped(bodies: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    left = iter(bodies)
    while group := list(itertools.islice(left, size)):
        yield group
