"""What was seen from outside, by one clock: monotonic seconds. Pure data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from tests.faults.oracle.numbered import Event

LOGIN = "login"
EXPIRY = "token expired"
"""The trouble that makes the token invalid at the platform."""

ACCEPTED, DUPLICATE, REFUSED, UNLISTED = "200", "A0506", "A0416", "X9001"
FINAL = frozenset({ACCEPTED, DUPLICATE, REFUSED, UNLISTED})
"""Answers that end an event: nothing is to be asked again after one that arrived."""

DEAD_TOKEN = frozenset({"A0103", "A0311"})


@dataclass(slots=True)
class Call:
    """One call as the platform saw it.

    `began` when it had arrived, `ended` when it was answered or the caller was gone. `answer` is the document's
    code, or what happened instead of one. `executed` is when the platform did for the first time what the event
    asks; for a login, when it made the token. `token` is what the caller showed, or the login gave.
    """

    peer: str
    operation: str
    event: str | None
    lane: str | None
    number: int
    token: str | None
    began: float
    ended: float = 0.0
    answer: str = ""
    executed: float | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """An event and when the broker had confirmed it; `copies` is how often it may stand in the queue."""

    event: Event
    at: float
    copies: int = 1


@dataclass(frozen=True, slots=True)
class Ending:
    """What a result says."""

    outcome: str
    category: str | None
    code: str | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A message of gateway.results."""

    event: str
    ending: Ending
    at: float


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that stood in the dead queue at the end."""

    event: str
    category: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that was done to the gateway. `peer` is whom it hit, None everybody.

    `lease`: another process may take over because of it. `killed`: the process was ended. `token`: the token
    may seem to be over.
    """

    what: str
    peer: str | None
    began: float
    ended: float
    lease: bool = True
    killed: bool = False
    token: bool = False

    def hits(self, peer: str) -> bool:
        """Whether this process had the trouble."""
        return self.peer in {None, peer}

    def within(self, began: float, ended: float) -> bool:
        """Whether it falls, in part at least, into this time."""
        return self.began <= ended and self.ended >= began


@dataclass(frozen=True)
class History:
    """All of one run. `left` is what stood in each queue at the end, dead letters apart.

    What was published is counted in lives: when dead letters are replayed, a second life of theirs begins at
    `replayed_at`, and `replayed` are they.
    """

    published: list[Published] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    left: Mapping[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    replayed: frozenset[str] = frozenset()
    replayed_at: float = float("inf")

    @cached_property
    def events(self) -> dict[str, Published]:
        """What was published, by id."""
        return {one.event.id: one for one in self.published}

    @cached_property
    def last_results(self) -> dict[str, list[Result]]:
        """The results of each event's last life. Who is put back and held again lives once more: see `held_again`."""
        last = [one for one in self.results if one.event not in self.replayed or one.at >= self.replayed_at]
        final = {one.event: one for one in last}
        return _grouped(one for one in last if one not in self.held_again or one is final[one.event])

    @cached_property
    def held_again(self) -> list[Result]:
        """Results that say that what was put back is held again."""
        return [
            one
            for one in self.results
            if one.event in self.replayed and one.at >= self.replayed_at and one.ending.category == "held"
        ]

    @cached_property
    def first_results(self) -> dict[str, list[Result]]:
        """The results of the first life of those that had a second one."""
        return _grouped(one for one in self.results if one.event in self.replayed and one.at < self.replayed_at)

    @cached_property
    def calls_of(self) -> dict[str, list[Call]]:
        """The calls for each event, in order."""
        found: dict[str, list[Call]] = defaultdict(list)
        for call in self.calls:
            if call.event is not None:
                found[call.event].append(call)
        return found


def _grouped(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        found[result.event].append(result)
    return found
