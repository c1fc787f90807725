"""How an event can end, split by who must act, and what an answer can mean for the whole account.

A platform call returns one `Ending`. `match` on it with `assert_never`, so that a new member fails
type checking at the places that decide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """Why an event was not accepted; each says who must act."""

    INVALID = "invalid"  # never valid: the publisher
    REJECTED = "rejected"  # the platform refused: the business
    EXHAUSTED = "exhausted"  # retries used up: an operator
    UNCERTAIN = "uncertain"  # sent, answer lost, not safe to repeat: an operator
    UNKNOWN = "unknown"  # an answer the manual does not list: an operator and us
    HELD = "held"  # behind a dead letter of its lane: replayed with it


Response = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform has it."""

    code: str | None = None
    message: str = ""
    response: Response | None = None
    duplicate: bool = False

    def with_response(self, response: Response | None) -> "Accepted":
        """The same, with this to pass on."""
        return Accepted(self.code, self.message, response, self.duplicate)


@dataclass(frozen=True, slots=True)
class Rejected:
    """This event as it is can never succeed."""

    code: str | None
    message: str
    category: Category = Category.REJECTED
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Nobody acts: try again, not before `after` seconds when the platform asked for that."""

    code: str | None
    message: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Unavailable(Retry):
    """The platform is down or throttles us: that is the account's trouble, see gateway.gate.

    `by_code`: it answered, and its own return code says so; else there was no answer, or none of its own.
    `lost`: the request had left, and the platform may have acted on it.
    """

    throttled: bool = False
    by_code: bool = False
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """An operator acts."""

    code: str | None
    message: str
    category: Category
    response: Response | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """An interactive question that nobody waits for any more, or that cannot be asked now."""

    code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The platform is closed: the account stops consuming for a while, the event is not spent.

    `seconds`: how long, where the platform's hours are known; else as the account's settings say.
    """

    code: str | None
    message: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Contested(Paused):
    """Fresh tokens die again and again: somebody else logs in with this account. It waits, and an alert says so."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The account itself is refused: it stops until an operator acts, the event is not spent."""

    code: str | None
    message: str


Final = Accepted | Rejected | Dead | Expired
Halt = Paused | Stopped
Ending = Final | Retry | Halt


def outcome_name(final: Final) -> str:
    """The word of the public contract: accepted, rejected, dead or expired."""
    return type(final).__name__.lower()


def category_of(final: Final) -> Category | None:
    """The dead letter's category; None for what was accepted or merely expired."""
    match final:
        case Rejected(category=category) | Dead(category=category):
            return category
        case Accepted() | Expired():
            return None


class Verdict(StrEnum):
    """What one return code of a platform means; the vocabulary of every code table."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    RETRY = "retry"
    DOWN = "down"
    THROTTLED = "throttled"
    PAUSE = "pause"
    TOKEN = "token"  # noqa: S105 - the transport takes a fresh one and asks once more
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a platform's return code table: its wording, and what we make of it."""

    meaning: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """A platform's answer, read: its code, its message, and the data worth passing on."""

    code: str
    message: str = ""
    response: Response | None = field(default=None)
