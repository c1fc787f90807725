"""Reading an account's dead letters off their queue, putting them back, taking them away. The queue is the truth.

An operator holds a lock of the broker's meanwhile, so two never take the same letter.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity

from gateway.amqp.corking import corked
from gateway.broker import Outgoing, open_channel
from gateway.burial import letter_id
from gateway.errors import RefusedError, UnavailableError
from gateway.message import REPLAY, Delivery, delivery
from gateway.topology import DUE, Names
from schemas import dead_letters

FIRST_WINDOW = 1000
SMALLEST_WINDOW = 50
LARGEST_WINDOW = 60_000
"""Letters held at once: so many at first, or as many as are wanted, for each that is not taken off goes back; then
twice as many with each further consumer. AMQP counts to 65,535."""

SILENT_SECONDS = 20.0
"""How long the broker may hand over nothing although letters stand there."""

PATIENCE_SECONDS = 0.25


class BusyError(RefusedError):
    """Somebody else is working on these dead letters now."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter."""

    account: str
    delivery: Delivery

    def header(self, name: str) -> str | None:
        """One of the gateway's headers, as text."""
        value = self.delivery.headers.get(name)
        return None if value is None else str(value)

    @property
    def id(self) -> str:
        """Names this letter among all: made of its account, body and time of death."""
        return letter_id(self.account, self.delivery.body, self.header(dead_letters.DEAD_AT) or "")

    def replayed(self, body: bytes | None = None) -> Outgoing:
        """The event as it goes back to its account: without what its death added, and named as a replay.

        `body`: what it was edited to. The name follows from the letter, see `replay_name`.
        """
        taken_off = {name: None for name in dead_letters.DEAD_HEADERS if name != dead_letters.FIRST_SEEN}
        changed = {**taken_off, REPLAY: replay_name(self.id, self.header(dead_letters.DEAD_AT) or "")}
        edited = self.delivery.body if body is None else body
        return Outgoing(DUE, self.delivery.routing_key, edited, self.delivery.travelling(changed))


def replay_name(letter: str, dead_at: str) -> str:
    """Under which name a letter goes back: one that is put back twice is done once.

    It begins with the time of death: what a later death was replayed for is not done again for an earlier one.
    """
    return f"{dead_at} {uuid5(NAMESPACE_URL, letter)}"


@dataclass(slots=True)
class Standing:
    """A letter that stands in its queue, with every copy of it: a redelivered event may have been buried twice."""

    letter: Letter
    messages: list[DeliveredMessage] = field(default_factory=list)

    async def take_off(self) -> None:
        """Acknowledge every copy."""
        for message in self.messages:
            await message.channel.basic_ack(message.delivery_tag or 0, wait=False)


@asynccontextmanager
async def locked(connection: AbstractConnection, names: Names) -> AsyncIterator[None]:
    """Nobody else works on this account's dead letters meanwhile. Raises BusyError."""
    queue = f"{names.queue('dead')}.lock"
    channel = await open_channel(connection)
    try:
        await channel.declare_queue(queue, exclusive=True, durable=False)
    except ChannelLockedResource:
        raise BusyError(f"somebody else is working on the dead letters of {names.prefix}; try again") from None
    try:
        yield
    finally:
        if not channel.is_closed and not connection.is_closed:
            await channel.queue_delete(queue)
            await channel.close()


@asynccontextmanager
async def standing(
    connection: AbstractConnection, names: Names, wanted: Mapping[str, int] | None = None
) -> AsyncIterator[dict[str, Standing]]:
    """Letters by id, oldest first, held while the block lasts; those not taken off go back in order at its end.

    `wanted`: read on only until so many copies of each are found; None is all there are. Raises RefusedError where
    the account has no queue, and UnavailableError where the broker hands over nothing.
    """
    channel = await open_channel(connection, publisher_confirms=False)
    underlay = await corked(channel)
    try:
        yield await _read(channel, names, wanted)
    except ChannelNotFoundEntity:
        raise RefusedError(f"{names.prefix} has no queues yet: gateway topology declare") from None
    finally:
        if not channel.is_closed and not connection.is_closed:
            await _settle(underlay)
            await channel.close()


async def depth(connection: AbstractConnection, names: Names) -> int:
    """How many messages stand in the queue, those that somebody holds not among them. Raises RefusedError."""
    channel = await open_channel(connection)
    try:
        queue = await channel.declare_queue(names.queue("dead"), passive=True)
    except ChannelNotFoundEntity:
        raise RefusedError(f"{names.prefix} has no queues yet: gateway topology declare") from None
    await channel.close()
    return queue.declaration_result.message_count or 0


async def _read(channel: AbstractChannel, names: Names, wanted: Mapping[str, int] | None) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    taken, window, room = 0, _first_window(wanted), 0
    expected = await _ready(channel, names)
    while taken < expected and not _enough(found, wanted):
        if taken == room:
            await _consume(channel, names, window, arrived.put)
            room, window = room + window, min(2 * window, LARGEST_WINDOW)
        message = await _next(channel, names, arrived)
        if message is None:
            break
        taken += 1
        letter = Letter(names.prefix, delivery(message))
        found.setdefault(letter.id, Standing(letter)).messages.append(message)
        if taken == expected:
            expected += await _ready(channel, names)
    return found


def _first_window(wanted: Mapping[str, int] | None) -> int:
    return FIRST_WINDOW if wanted is None else min(max(sum(wanted.values()), SMALLEST_WINDOW), FIRST_WINDOW)


def _enough(found: dict[str, Standing], wanted: Mapping[str, int] | None) -> bool:
    return wanted is not None and all(
        letter in found and len(found[letter].messages) >= copies for letter, copies in wanted.items()
    )


async def _settle(channel: aiormq.Channel) -> None:
    """Wait until the queue has what was acknowledged: the broker lets only some dozens be on their way to a quorum
    queue and forgets those behind them with the channel. A consumer is cancelled after all that went before it."""
    for tag in list(channel.consumers):
        await channel.basic_cancel(tag)


async def _ready(channel: AbstractChannel, names: Names) -> int:
    queue = await channel.declare_queue(names.queue("dead"), passive=True)
    return queue.declaration_result.message_count or 0


async def _consume(channel: AbstractChannel, names: Names, window: int, take: Callable[[Any], Any]) -> None:
    """A further consumer: those there are hold as many as they may."""
    await channel.set_qos(prefetch_count=window)
    underlay = await channel.get_underlay_channel()
    await underlay.basic_consume(names.queue("dead"), take)


async def _next(
    channel: AbstractChannel, names: Names, arrived: "asyncio.Queue[DeliveredMessage]"
) -> DeliveredMessage | None:
    """The next message; None where the broker counted one that is not there any more."""
    for _ in range(int(SILENT_SECONDS / PATIENCE_SECONDS)):
        if not arrived.empty():
            return arrived.get_nowait()
        try:
            return await asyncio.wait_for(arrived.get(), PATIENCE_SECONDS)
        except TimeoutError:
            if await _ready(channel, names) == 0 and arrived.empty():
                return None
    raise UnavailableError(f"the broker does not hand over the dead letters of {names.prefix}; try again")
