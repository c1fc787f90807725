"""Exchanges, queues and bindings of the public contract (DESIGN §3 and §4), as data. Pure: see `declare`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.platform import Operation

EVENTS = "gateway.events"
RESULTS = "gateway.results"
INBOUND = "gateway.inbound"
UNROUTED = "gateway.unrouted"
DUE = "gateway.due"
DEAD = "gateway.dead"
DELAY = "gateway.delay"

INTERACTIVE_SECONDS = 120
"""How long a person waits for an answer, at the most (the broker counts it, so that no clock matters)."""

DELIVERY_LIMIT = 1_000_000_000
"""As good as none: deliveries go back whenever an account pauses. RabbitMQ 4 reads -1 as none, but 3.10 takes
it for a limit that is passed at the first return, and drops the message (tried on 3.10.8). Without a limit
RabbitMQ 4 sets 20; with one, a returned message keeps its place near the head."""

SHORTEST_WAIT_SECONDS = 1

Kind = Literal["topic", "fanout"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    type: Kind
    arguments: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue and what it is bound to: pairs of exchange and routing key."""

    name: str
    arguments: Mapping[str, str | int]
    bindings: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """The names that belong to one account."""

    platform: str
    account: str

    @property
    def prefix(self) -> str:
        """What its routing keys start with."""
        return f"{self.platform}.{self.account}"

    def key(self, operation: str) -> str:
        """The routing key of one operation's events."""
        return f"{self.prefix}.{operation}"

    def queue(self, role: str) -> str:
        """The queue of a role: bulk, interactive, due, dead, lease."""
        return f"gateway.{self.prefix}.{role}"


def rungs(ladder: Iterable[int]) -> list[int]:
    """The ladder, and one short wait below it, for those who wait for an event that is about to come back."""
    return sorted({SHORTEST_WAIT_SECONDS, *ladder})


def rung_name(seconds: int) -> str:
    """Exchange and queue of one rung of the ladder; its wait is in the name, since it can never change."""
    return f"{DELAY}.{seconds}s"


def exchanges(ladder: Iterable[int]) -> list[Exchange]:
    """All exchanges."""
    shared = [
        Exchange(EVENTS, "topic", {"alternate-exchange": UNROUTED}),
        Exchange(UNROUTED, "fanout"),
        Exchange(RESULTS, "topic"),
        Exchange(INBOUND, "topic", {"alternate-exchange": UNROUTED}),
        Exchange(DUE, "topic"),
        Exchange(DEAD, "topic"),
    ]
    return shared + [Exchange(rung_name(seconds), "fanout") for seconds in rungs(ladder)]


def shared_queues(ladder: Iterable[int]) -> list[Queue]:
    """The queue of what nobody took, and the rungs of the ladder."""
    unrouted = Queue(UNROUTED, _quorum(), ((UNROUTED, ""),))
    return [unrouted] + [
        Queue(rung_name(seconds), _quorum(DUE, ttl_seconds=seconds), ((rung_name(seconds), ""),))
        for seconds in rungs(ladder)
    ]


def account_queues(names: Names, operations: Mapping[str, Operation]) -> list[Queue]:
    """An account's own queues.

    What the broker takes off a queue because its time was over goes to `due`: there the worker answers a
    question `expired`, and reports a durable event, which its publisher's expiration does not excuse.
    """
    bulk = tuple((EVENTS, names.key(o.name)) for o in operations.values() if not o.interactive)
    interactive = tuple((EVENTS, names.key(o.name)) for o in operations.values() if o.interactive)
    return [
        Queue(names.queue("bulk"), _quorum(DUE), bulk),
        Queue(names.queue("interactive"), _quorum(DUE, ttl_seconds=INTERACTIVE_SECONDS), interactive),
        Queue(names.queue("due"), _quorum(DEAD), ((DUE, f"{names.prefix}.*"),)),
        Queue(names.queue("dead"), _quorum(), ((DEAD, f"{names.prefix}.*"),)),
    ]


def _quorum(dead_letter_to: str | None = None, ttl_seconds: int | None = None) -> Mapping[str, str | int]:
    """Arguments of a quorum queue."""
    arguments: dict[str, str | int] = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT}
    if dead_letter_to is not None:
        arguments |= {
            "x-dead-letter-exchange": dead_letter_to,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }
    if ttl_seconds is not None:
        arguments["x-message-ttl"] = ttl_seconds * 1000
    return arguments
