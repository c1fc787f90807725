"""Reading an account's dead letters off their queue, putting them back, taking them away. The queue is the truth.

An operator holds a lock of the broker's meanwhile, so two never take the same letter.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from uuid import NAMESPACE_URL, uuid5

import aiormq
from aio_pika.abc import AbstractConnection
from aiormq.abc import DeliveredMessage
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity
from pamqp.commands import Basic

from gateway.amqp.arriving import Arriving
from gateway.amqp.corking import corked
from gateway.broker import Outgoing, open_channel
from gateway.burial import letter_id
from gateway.depth import Depth, depths
from gateway.errors import RefusedError, UnavailableError
from gateway.message import REPLAY, Delivery, delivery
from gateway.topology import DUE, Names
from schemas import dead_letters

FIRST_WINDOW = 1000
SMALLEST_WINDOW = 100
LARGEST_WINDOW = 60_000
"""Letters held at once: so many at first, or as many as are wanted, as each that is not taken off goes back; then few
with a further consumer, and twice as many with each after it. AMQP counts to 65,535."""

SILENT_SECONDS = 20.0
"""How long others may hold letters, and how long the broker may hand over none although some stand there."""

PATIENCE_SECONDS = 0.1
"""Between two looks at the queue."""


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

    `wanted`: read on only until so many copies of each are found; None is all there are. What somebody killed still
    holds is waited for. Raises RefusedError where the account has no queue, BusyError where another consumer keeps
    letters, and UnavailableError where the broker hands over nothing.
    """
    channel = await open_channel(connection, publisher_confirms=False)
    hand = _Hand(connection, await corked(channel), names, FIRST_WINDOW if wanted is None else sum(wanted.values()))
    try:
        yield await _read(hand, wanted)
    except ChannelNotFoundEntity:
        raise _no_queues(names) from None
    finally:
        if not channel.is_closed and not connection.is_closed:
            await hand.settle()
            await channel.close()


async def depth(connection: AbstractConnection, names: Names) -> int:
    """How many messages stand in the queue, those that somebody holds not among them. Raises RefusedError."""
    queue = names.queue("dead")
    found = await depths(connection, [queue])
    if queue not in found:
        raise _no_queues(names)
    return found[queue].messages


def _no_queues(names: Names) -> RefusedError:
    return RefusedError(f"{names.prefix} has no queues yet: gateway topology declare")


async def _read(hand: "_Hand", wanted: Mapping[str, int] | None) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    missing = Counter(wanted)
    for _ in range(await hand.count()):
        if wanted is not None and not missing:
            break
        message = await hand.next()
        letter = Letter(hand.names.prefix, delivery(message))
        name = letter.id
        found.setdefault(name, Standing(letter)).messages.append(message)
        _strike(missing, name)
    return found


def _strike(missing: Counter[str], name: str) -> None:
    """One copy less is missing."""
    missing[name] -= 1
    if missing[name] <= 0:
        del missing[name]


class _Hand:
    """Takes letters off an account's queue, one after the other, and holds them.

    They are counted before the first is taken: how many are on their way cannot be asked afterwards.
    """

    def __init__(self, connection: AbstractConnection, channel: aiormq.Channel, names: Names, first: int) -> None:
        self.names = names
        self._connection = connection
        self._channel = channel
        self._queue = names.queue("dead")
        self._windows = _windows(first)
        self._room = 0
        self._consumers: list[str] = []
        self._arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        channel.frames = Arriving(channel, messages={Basic.Deliver: self._arrived.put_nowait})

    async def count(self) -> int:
        """How many there are, once nobody else holds any.

        What a killed operator held is on its way back for as long as the broker counts its consumer. Raises BusyError
        where somebody keeps what he holds, and UnavailableError where the broker does not say.
        """
        deadline = monotonic() + SILENT_SECONDS
        while monotonic() < deadline:
            there = await self._look()
            if there.consumers == 0 and (there.messages or await self._is_empty()):
                return there.messages
            await asyncio.sleep(PATIENCE_SECONDS)
        raise await self._reason()

    async def next(self) -> DeliveredMessage:
        """The next one of those counted. Raises the same."""
        if not self._room:
            await self._consume()
        self._room -= 1
        deadline = monotonic() + SILENT_SECONDS
        while monotonic() < deadline:
            if not self._arrived.empty():
                return self._arrived.get_nowait()
            try:
                return await asyncio.wait_for(self._arrived.get(), PATIENCE_SECONDS)
            except TimeoutError:
                await self._look()  # which tells of a channel that has closed
        raise await self._reason()

    async def settle(self) -> None:
        """Wait until the queue has what was acknowledged.

        The broker lets only some dozens be on their way to a quorum queue and forgets those behind them with the
        channel. A consumer is cancelled after all that went before it.
        """
        for tag in self._consumers:
            await self._channel.rpc(Basic.Cancel(consumer_tag=tag))

    async def _look(self) -> Depth:
        there = await self._channel.queue_declare(self._queue, passive=True)
        return Depth(there.message_count or 0, there.consumer_count or 0)

    async def _is_empty(self) -> bool:
        """Whether no letter stands there, told by one who counts a consumer of ours, see gateway.depth.

        On a channel of its own, with which a letter that comes to this consumer goes back.
        """
        channel = await open_channel(self._connection, publisher_confirms=False)
        underlay = await channel.get_underlay_channel()
        arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
        try:
            await underlay.basic_qos(prefetch_count=1)
            await underlay.basic_consume(self._queue, arrived.put)
            if await self._look() != Depth(messages=0, consumers=1):
                return False
            await asyncio.sleep(PATIENCE_SECONDS)
            return arrived.empty()
        finally:
            if not channel.is_closed:
                await channel.close()

    async def _consume(self) -> None:
        """A further consumer: those there are hold as many as they may. None of the library's: see Arriving."""
        self._room = next(self._windows)
        await self._channel.basic_qos(prefetch_count=self._room)
        self._consumers.append(f"letters-{len(self._consumers) + 1}")
        await self._channel.rpc(Basic.Consume(queue=self._queue, consumer_tag=self._consumers[-1]))

    async def _reason(self) -> Exception:
        if (await self._look()).consumers > len(self._consumers):
            return BusyError(f"{self._queue} has a consumer that is none of the gateway's; close it, then try again")
        return UnavailableError(f"the broker does not hand over the dead letters of {self.names.prefix}; try again")


def _windows(first: int) -> Iterator[int]:
    yield min(max(first, SMALLEST_WINDOW), FIRST_WINDOW)
    window = SMALLEST_WINDOW
    while True:
        yield window
        window = min(2 * window, LARGEST_WINDOW)
