"""Whether our user at the broker may do what the gateway does, found out without doing any of it.

The broker looks at rights before anything else: a question that is wrong in itself is answered ACCESS_REFUSED
where the right is missing, PRECONDITION_FAILED where only the question is wrong.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Literal

from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import ChannelAccessRefused, ChannelNotFoundEntity, ChannelPreconditionFailed
from pamqp.commands import Basic

from gateway.broker import open_channel
from gateway.doctor.finding import Finding, gathered
from gateway.topology import DEAD, DUE, EVENTS, INBOUND, RESULTS, Names, rung_name, rungs

Kind = Literal["configure", "write", "read"]
DEFAULT_EXCHANGE = ""


@dataclass(frozen=True, slots=True)
class Right:
    """To configure or read a queue, or to write an exchange (the empty name: the default one, for reply_to)."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name or 'amq.default'}"


def needed(ladder: Iterable[int], names: Iterable[Names]) -> list[Right]:
    """What the workers of these accounts, and the HTTP side, need while they run."""
    exchanges = [EVENTS, RESULTS, INBOUND, DUE, DEAD, *map(rung_name, rungs(ladder)), DEFAULT_EXCHANGE]
    queues = [account.queue(role) for account in names for role in ("bulk", "interactive", "due", "dead")]
    lock = Right("configure", f"gateway.check.{token_hex(4)}.lock")
    return [lock, *(Right("write", name) for name in exchanges), *(Right("read", name) for name in queues)]


async def missing(connection: AbstractConnection, rights: Sequence[Right]) -> list[Right]:
    """Those that the broker refuses. What is not there at all is not refused."""
    return [right for right in rights if not await _granted(connection, right)]


def judge(refused: Sequence[Right], number: int) -> Finding:
    """What the missing ones mean."""
    wrong = [f"this user may not {right}" for right in refused]
    remedy = "gateway topology definitions prints the rights it needs 权限; see deploy/docs/deploying.md"
    return gathered("rights", wrong, f"{number} rights are as needed", remedy)


async def _granted(connection: AbstractConnection, right: Right) -> bool:
    channel = await open_channel(connection)
    try:
        await _ASK[right.kind](channel, right.name)
    except ChannelAccessRefused:
        return False
    except (ChannelPreconditionFailed, ChannelNotFoundEntity):
        return True
    finally:
        if not channel.is_closed:
            await channel.close()
    return True


async def _configure(channel: AbstractChannel, name: str) -> None:
    """A queue of this connection alone, for a moment."""
    await channel.declare_queue(name, exclusive=True, durable=False)
    await channel.queue_delete(name)


async def _write(channel: AbstractChannel, exchange: str) -> None:
    """A message whose expiration is no number never goes anywhere."""
    underlay = await channel.get_underlay_channel()
    properties = Basic.Properties(expiration="never")
    await underlay.basic_publish(b"", exchange=exchange, routing_key="gateway.check", properties=properties)


async def _read(channel: AbstractChannel, queue: str) -> None:
    """A consumer whose priority is no number gets nothing."""
    underlay = await channel.get_underlay_channel()
    await underlay.basic_consume(queue, _nothing, arguments={"x-priority": "none"})


async def _nothing(message: object) -> None:
    """Nothing is ever delivered."""


_ASK: dict[Kind, Callable[[AbstractChannel, str], Awaitable[None]]] = {
    "configure": _configure,
    "write": _write,
    "read": _read,
}
