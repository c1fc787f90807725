"""Events of many accounts, each account at a rate of its own, published when their time has come."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import aiormq
from pamqp.commands import Basic

from tests.bench.load import CREDIT, ROUTE

TICK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One event: when, counted from the begin, and of which account."""

    seconds: float
    account: str

    @property
    def tick(self) -> int:
        """Those of one tick are published together."""
        return int(self.seconds / TICK_SECONDS)


def shares(count: int) -> list[float]:
    """Of all events, for each of so many accounts: the n-th has an n-th of what the first has (Zipf's law)."""
    weights = [1 / place for place in range(1, count + 1)]
    return [weight / sum(weights) for weight in weights]


def schedule(accounts: Sequence[str], rate: float, seconds: float) -> list[Due]:
    """In order of time: every account at its share of the rate, evenly."""
    due: list[Due] = []
    for account, share in zip(accounts, shares(len(accounts)), strict=True):
        every = 1 / (rate * share)
        due += [Due((number + 0.5) * every, account) for number in range(round(seconds / every))]
    return sorted(due)


async def publish_paced(url: str, planned: Sequence[Due], name: str) -> None:
    """Publish credit-syncs at their times, confirmed. `name` makes their ids unlike others'."""
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True)
        began, numbers = time.perf_counter(), _events(planned, name)
        for tick, together in groupby(planned, key=lambda due: due.tick):
            await asyncio.sleep(began + tick * TICK_SECONDS - time.perf_counter())
            await asyncio.gather(*(_one(channel, due.account, next(numbers)) for due in together))
    finally:
        await connection.close()


def _events(planned: Sequence[Due], name: str) -> Iterator[bytes]:
    """The bodies, each in a lane of its own."""
    sample = json.loads(CREDIT.read_bytes())
    for number, due in enumerate(planned):
        data = {**sample["data"], "ticket": f"{name}-{number:024}"}
        yield json.dumps({**sample, "id": f"{name}-{number}", "account": due.account, "data": data}).encode()


async def _one(channel: aiormq.abc.AbstractChannel, account: str, body: bytes) -> None:
    properties = Basic.Properties(content_type="application/cloudevents+json", delivery_mode=2)
    key = f"gd_accounting.{account}.credit-sync"
    await channel.basic_publish(body, exchange=ROUTE.exchange, routing_key=key, properties=properties, mandatory=True)
