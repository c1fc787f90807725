"""What operators see and say: which letters are meant, what stands there, what a run does. Times are ISO 8601."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["replay", "discard"]
RunState = Literal["running", "paused", "stopped", "cancelled", "done"]
"""`stopped`: a batch failed again; `paused` and `stopped` go on with `resume`. `cancelled` and `done` are the end."""

UNFINISHED: tuple[RunState, ...] = ("running", "paused", "stopped")

LetterState = Literal["pending", "sending", "sent", "accepted", "failed", "discarded", "skipped", "missing"]
"""Of one letter in a run. `pending`: still a dead letter; `sending`: being put back, killed in between it is here or
there; `sent`: with its account, which has not ended it; `skipped`: what it is held behind failed again; `missing`: it
was not in its queue any more."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which letters are meant; an empty part matches all. `ids` are those of letters or of their events.

    `account` is PLATFORM or PLATFORM.ACCOUNT, `text` a part of the reason, `cause` a group's (see Group), `lane` a
    keyed hash. `older_than` and `newer_than`: died so many seconds ago. `attempts`: at least so many.
    """

    ids: tuple[str, ...] = ()
    account: str | None = None
    operation: str | None = None
    category: str | None = None
    code: str | None = None
    text: str | None = None
    cause: str | None = None
    lane: str | None = None
    event_id: str | None = None
    older_than: float | None = None
    newer_than: float | None = None
    attempts: int | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The parts that were given."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in parts.items() if value not in {None, ()}}


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One dead letter, as the ledger's index has it. No payload. `copies`: how often it stands in the queue.

    `run`: the unfinished run that it is in. `cause`: its reason without numbers and ids.
    """

    id: str
    platform: str
    account: str
    operation: str
    source: str | None
    event_id: str | None
    category: str | None
    code: str | None
    reason: str
    cause: str
    attempts: int
    lane: str | None
    first_seen: str
    dead_at: str
    copies: int = 1
    run: str | None = None

    @property
    def prefix(self) -> str:
        """PLATFORM.ACCOUNT."""
        return f"{self.platform}.{self.account}"


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that died for one cause: the reason without its numbers and ids. `example` is one full reason."""

    account: str
    operation: str
    category: str | None
    code: str | None
    cause: str
    count: int
    first: str
    last: str
    example: str


@dataclass(frozen=True, slots=True)
class LetterDetail:
    """A letter and its event: masked, or as it is where `revealed`. `headers` are the publisher's own, masked too."""

    row: LetterRow
    event: Any
    headers: Mapping[str, Any]
    revealed: bool


@dataclass(frozen=True, slots=True)
class Ineligible:
    """Why letters cannot be replayed as asked, how many, and some of them."""

    why: str
    count: int
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would do. `warnings` do not keep it from being done. `diff`: what the edit changes, masked."""

    kind: Kind
    eligible: Sequence[LetterRow]
    ineligible: Sequence[Ineligible]
    warnings: Sequence[str] = ()
    diff: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many letters of a run stand where; see LetterState."""

    pending: int = 0
    sending: int = 0
    sent: int = 0
    accepted: int = 0
    failed: int = 0
    discarded: int = 0
    skipped: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        """All of the frozen set."""
        return sum(getattr(self, name) for name in self.__slots__)

    @property
    def finished(self) -> int:
        """Those that nothing more happens to in this run."""
        return self.accepted + self.failed + self.discarded + self.skipped + self.missing


@dataclass(frozen=True, slots=True)
class Run:
    """A replay or a discard of a frozen set of letters. `note` says what it waits for, or why it stands still.

    `rate`: letters a second, None is as fast as the batches go. `tolerate`: failures of one batch that do not stop
    it. `batch`: the last one that was begun. `diff`: what is edited, masked.
    """

    id: str
    kind: Kind
    state: RunState
    actor: str
    reason: str
    filter: Mapping[str, Any]
    created_at: str
    updated_at: str
    note: str
    rate: float | None
    tolerate: int
    batch: int
    counts: Counts = field(default_factory=Counts)
    diff: Sequence[Mapping[str, Any]] = ()
    seconds_left: float | None = None

    @property
    def unfinished(self) -> bool:
        """Whether it can still go on."""
        return self.state in UNFINISHED


@dataclass(frozen=True, slots=True)
class RunLetter:
    """One letter of a run. `code` and `message` say how it failed again."""

    number: int
    letter: str
    account: str
    operation: str
    event_id: str
    state: LetterState
    batch: int | None
    code: str | None
    message: str | None
    ended_at: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of an event's life. `what`: first-seen, waits, delayed, accepted, rejected, dead, expired, replayed,
    discarded. `milliseconds`: of the platform call; `seconds`: of the wait; `times`: how often in a row."""

    at: str
    what: str
    attempt: int | None = None
    code: str | None = None
    milliseconds: float | None = None
    seconds: float | None = None
    times: int = 1
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one event of one account. `state`: its outcome, or what it is waiting for."""

    account: str
    operation: str
    source: str
    event_id: str
    state: str
    category: str | None
    code: str | None
    message: str
    duplicate: bool
    attempts: int
    first_seen: str
    updated_at: str
    moments: Sequence[Moment] = ()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One writing act: who, when, what, why, on what, with what result. `target`: filter, run, counts."""

    number: int
    at: str
    actor: str
    act: str
    reason: str
    target: Mapping[str, Any]
    result: str


@dataclass(frozen=True, slots=True)
class AccountState:
    """How an account stands, as its worker last said: one of gateway.gate.STATES, or `unknown` if none ever did."""

    account: str
    state: str
    code: str | None
    message: str
    since: str | None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the audit names them, and whether they may see payloads as they are."""

    name: str
    may_reveal: bool = False
