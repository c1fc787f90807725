"""Which letters can be replayed as asked, and why the others cannot. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.operating.model import Ineligible, Kind, LetterRow

EXAMPLES = 5

EventKey = tuple[str, str, str, str]
"""Platform, account, source and id of an event."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A dead letter that holds its lane, and its place there."""

    key: EventKey
    position: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known besides the letters. `positions`: of their events in their lanes; `holders` by lane, first first.

    `configured` and `stopped` are accounts. `refused`: letters that the edit does not fit, and why; None: no edit.
    """

    configured: Collection[str]
    stopped: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[EventKey, int] = field(default_factory=dict)
    holders: Mapping[str, Sequence[Holder]] = field(default_factory=dict)
    refused: Mapping[str, str] | None = None


def key_of(letter: LetterRow) -> EventKey | None:
    """Its event; None where id or source could not be read."""
    if letter.source is None or letter.event_id is None:
        return None
    return letter.platform, letter.account, letter.source, letter.event_id


def split(kind: Kind, letters: Sequence[LetterRow], facts: Facts) -> tuple[list[LetterRow], list[Ineligible]]:
    """The letters that can be done, oldest first, and the others by reason.

    A letter that is held behind another one is done only with that one, which comes before it.
    """
    good: list[LetterRow] = []
    bad: dict[str, list[str]] = {}
    in_set: set[EventKey] = set()
    for letter in letters:
        why = _in_a_run(letter) or (None if kind == "discard" else _cannot(letter, facts, in_set))
        if why is not None:
            bad.setdefault(why, []).append(letter.id)
            continue
        good.append(letter)
        if (key := key_of(letter)) is not None:
            in_set.add(key)
    return good, [Ineligible(why, len(ids), tuple(ids[:EXAMPLES])) for why, ids in bad.items()]


def blocked_by(
    key: EventKey, position: int | None, holders: Sequence[Holder], in_set: Collection[EventKey]
) -> str | None:
    """The id of the dead letter's event that holds this one back and is not replayed with it, or None."""
    ahead = (h.key for h in holders if h.key != key and (position is None or h.position < position))
    return next((other[3] for other in ahead if other not in in_set), None)


def warnings(kind: Kind, letters: Sequence[LetterRow], states: Mapping[str, str]) -> list[str]:
    """What an operator should know before, and what does not keep the run from being done."""
    if kind == "discard":
        return []
    uncertain = sum(letter.category == "uncertain" for letter in letters)
    waiting = sorted({letter.prefix for letter in letters if states.get(letter.prefix, "") in WAITED_FOR})
    said = [f"account {name} is {states[name]}: the run waits until it works again" for name in waiting]
    if uncertain:
        said.append(f"{uncertain} uncertain: the platform may have acted on them already; look there first")
    return said


WAITED_FOR = ("paused", "contested", "ledger-down", "stopped")


def _in_a_run(letter: LetterRow) -> str | None:
    return None if letter.run is None else f"already in run {letter.run}: gateway runs show {letter.run}"


def _cannot(letter: LetterRow, facts: Facts, in_set: Collection[EventKey]) -> str | None:
    if letter.prefix not in facts.configured:
        return f"account {letter.prefix} is not configured: nobody would take it"
    if letter.prefix in facts.stopped:
        return f"account {letter.prefix} is stopped ({facts.stopped[letter.prefix]}): gateway resume {letter.prefix}"
    key = key_of(letter)
    if key is None:
        return "id or source cannot be read: it can only be discarded"
    if facts.refused is None:
        if letter.category == "invalid":
            return "invalid: as it is it can never succeed; --edit it, or discard it"
    elif letter.id in facts.refused:
        return facts.refused[letter.id]
    return _held(letter, key, facts, in_set)


def _held(letter: LetterRow, key: EventKey, facts: Facts, in_set: Collection[EventKey]) -> str | None:
    if letter.lane is None:
        return None
    other = blocked_by(key, facts.positions.get(key), facts.holders.get(letter.lane, ()), in_set)
    return (
        None if other is None else f"held behind the dead letter of event {other}: replay or discard that one first"
    )
