"""How many messages stand in a queue, and how many consumers it has, asked without touching it."""

from collections.abc import Iterable
from typing import NamedTuple

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelNotFoundEntity

from gateway.broker import open_channel

TIMES = 2


class Depth(NamedTuple):
    """Messages that nobody holds, and consumers."""

    messages: int
    consumers: int


async def depth_of(channel: AbstractChannel, queue: str) -> Depth:
    """Ask the broker. Raises ChannelNotFoundEntity where there is no such queue: the channel is closed then.

    A quorum queue whose leader does not answer within 250 ms is reported as one with nothing in it and no consumers
    (`rabbit_quorum_queue:stat`, 3.10 to 4.0): that is believed when it is said again.
    """
    found = Depth(0, 0)
    for _ in range(TIMES):
        answer = (await channel.declare_queue(queue, passive=True)).declaration_result
        found = Depth(answer.message_count or 0, answer.consumer_count or 0)
        if any(found):
            break
    return found


async def depths(connection: AbstractConnection, queues: Iterable[str]) -> dict[str, Depth]:
    """Those of the queues that there are, by name. Raises one of CONNECTION_ERRORS."""
    found: dict[str, Depth] = {}
    channel = await open_channel(connection)
    try:
        for queue in queues:
            if channel.is_closed:  # the broker closes it when it is asked for a queue that is not there
                channel = await open_channel(connection)
            try:
                found[queue] = await depth_of(channel, queue)
            except ChannelNotFoundEntity:
                continue
    finally:
        if not channel.is_closed:
            await channel.close()
    return found
