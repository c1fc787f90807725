"""Reading an account's dead letters off their queue, and putting them back. The queue is the truth.

An operator holds a lock of the broker's meanwhile, so two never take the same letter.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from aiormq.exceptions import ChannelLockedResource, ChannelNotFoundEntity

from gateway.broker import Outgoing, Publisher
from gateway.errors import RefusedError
from gateway.masking import masked
from gateway.message import REPLAY, Delivery, delivery
from gateway.topology import DUE, Names
from schemas import dead_letters


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
        parts = (
            self.account.encode(),
            self.delivery.body,
            (self.header(dead_letters.DEAD_AT) or "").encode(),
        )
        return blake2b(b"\0".join(parts), digest_size=6).hexdigest()

    def summary(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "id": self.id,
            "account": self.account,
            "operation": self.delivery.routing_key.rpartition(".")[2],
            "event_id": self.header(dead_letters.EVENT_ID),
            "category": self.header(dead_letters.CATEGORY),
            "code": self.header(dead_letters.CODE),
            "reason": self.header(dead_letters.REASON),
            "attempts": self.header(dead_letters.ATTEMPTS),
            "first_seen": self.header(dead_letters.FIRST_SEEN),
            "dead_at": self.header(dead_letters.DEAD_AT),
        }

    def detail(self) -> dict[str, Any]:
        """The summary, and the event with everything personal masked."""
        try:
            event = masked(orjson.loads(self.delivery.body))
            orjson.dumps(event)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
            event = f"no JSON, or nested too deep to be shown: {len(self.delivery.body)} bytes"
        return {**self.summary(), "event": event}

    def replayed(self) -> Outgoing:
        """The event as it goes back to its account: without what its death added, and named as a replay.

        The name follows from the letter, so a letter that is put back twice is done once. It begins with the time
        of death: what a later death was replayed for is not done again for an earlier one.
        """
        taken_off = {name: None for name in dead_letters.DEAD_HEADERS if name != dead_letters.FIRST_SEEN}
        replay = f"{self.header(dead_letters.DEAD_AT) or ''} {uuid5(NAMESPACE_URL, self.id)}"
        changed = {**taken_off, REPLAY: replay}
        return Outgoing(DUE, self.delivery.routing_key, self.delivery.body, self.delivery.travelling(changed))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant: empty parts match all."""

    ids: frozenset[str] = frozenset()
    category: str | None = None
    code: str | None = None
    operation: str | None = None
    event_id: str | None = None

    def matches(self, letter: Letter) -> bool:
        """Whether this letter is meant. Ids are those of letters or of their events."""
        row = letter.summary()
        wanted = {name: getattr(self, name) for name in ("category", "code", "operation", "event_id")}
        named = not self.ids or bool(self.ids & {row["id"], row["event_id"]})
        return named and all(value is None or row[name] == value for name, value in wanted.items())


@asynccontextmanager
async def letters(connection: AbstractConnection, names: Names) -> AsyncIterator["Letters"]:
    """An account's dead letters, for as long as the context is open. Raises BusyError."""
    channel = await connection.channel()
    try:
        await channel.declare_queue(f"{names.queue('dead')}.lock", exclusive=True, durable=False)
    except ChannelLockedResource:
        raise BusyError(f"somebody else is working on the dead letters of {names.prefix}; try again") from None
    try:
        yield Letters(connection, names)
    finally:
        await channel.queue_delete(f"{names.queue('dead')}.lock")
        await channel.close()


class Letters:
    """What an operator can do with them."""

    def __init__(self, connection: AbstractConnection, names: Names) -> None:
        self._connection = connection
        self._names = names

    async def read(self, wanted: Filter, limit: int | None = None) -> list[Letter]:
        """The letters meant, oldest first, left where they are."""
        async with self._standing() as standing:
            meant = [letter for _, letter in standing if wanted.matches(letter)]
        return meant[:limit]

    async def replay(self, wanted: Filter) -> list[Letter]:
        """Put the letters meant back to their account, first come first, each confirmed before it leaves the queue.

        Killed in between, a letter may stand here and be on its way at once; replayed again it is done once.
        """
        publisher = await Publisher.open(self._connection)
        done: list[Letter] = []
        async with self._standing() as standing:
            # in the order in which they first came: the queue's own order ends with an interrupted replay
            for message, letter in sorted(standing, key=lambda each: each[1].header(dead_letters.FIRST_SEEN) or ""):
                if wanted.matches(letter):
                    await publisher.publish(letter.replayed())
                    await message.ack()
                    done.append(letter)
        return done

    @asynccontextmanager
    async def _standing(self) -> AsyncIterator[list[tuple[AbstractIncomingMessage, Letter]]]:
        """All letters that stand in the queue now; those not acknowledged go back in order at the end.

        One by one: when a channel closes, the broker gives back what was got by itself in the order of names it
        made up (seen on 3.10.8: 0, 1, 10, 2 …).
        """
        channel = await self._connection.channel()
        found: list[tuple[AbstractIncomingMessage, Letter]] = []
        try:
            queue = await channel.get_queue(self._names.queue("dead"), ensure=False)
            while (message := await queue.get(fail=False)) is not None:
                found.append((message, Letter(self._names.prefix, delivery(message))))
            yield found
        except ChannelNotFoundEntity:
            raise RefusedError(f"{self._names.prefix} has no queues yet: gateway topology declare") from None
        finally:
            for message, _ in found:
                if not message.processed:
                    await message.nack(requeue=True)
            await channel.close()
