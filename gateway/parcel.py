"""What a job carries from the delivery of an event to its end."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.decode import About
from gateway.ledger import Key
from gateway.message import Delivery
from gateway.trace_context import TraceContext


@dataclass(slots=True)
class Parcel:
    """An event on its way out: the delivery, how to acknowledge it, what could be read of it, when we began.

    `key` is what the ledger knows it by, None where its id or source could not be read.
    `lane` is the keyed hash of its lane, `position` its place there: the one it had before, else the account's next.
    `replay` names the replay that it belongs to, `sent_at` when a call of it left that must not be repeated, `took`
    the seconds of the last call.
    `trace` is the trace that its publisher began. `urgent`: a person waits for it, or a long line behind it. `begun`:
    it is seen through, also when the account pauses or the worker is told to stop.
    """

    delivery: Delivery
    ack: Callable[[], Awaitable[None]]
    about: About
    key: Key | None
    lane: str | None
    position: int
    first_seen: str
    started: float
    replay: str | None = None
    sent_at: str | None = None
    took: float | None = None
    trace: TraceContext | None = None
    urgent: bool = False
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Delayed:
    """How an event goes on the ladder: attempts made and how many of them do not count, seconds, an interactive
    one's deadline (epoch ms), and when the platform left it unanswered (epoch ms)."""

    attempts: int
    forgiven: int
    seconds: int
    deadline: int | None = None
    failed_at: int | None = None
