"""What must be true of results, dead letters and queues. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator

from tests.faults.oracle.finding import Finding
from tests.faults.oracle.history import ACCEPTED, DUPLICATE, REFUSED, UNLISTED, Call, Ending, History, Result
from tests.faults.oracle.numbered import HOLDING, Wish

DIED = frozenset({"exhausted", "uncertain"})
"""Ways to die that say nothing of the event itself."""

NEVER_IN_LINE = "invalid"
"""What was never valid stands in no lane: it is not held, and holds nobody."""


def every_event_ends_once(history: History) -> Iterator[Finding]:
    """Each event has a result, and all its results say the same."""
    for event in history.events:
        yield from _one_ending(event, history.last_results.get(event, []))
        if event in history.replayed:
            yield from _one_ending(event, history.first_results.get(event, []))


def _one_ending(event: str, results: list[Result]) -> Iterator[Finding]:
    endings = {result.ending for result in results}
    if not endings:
        yield Finding("lost", event, "has no result")
    elif len(endings) > 1:
        yield Finding("contradicted", event, f"has results that differ: {sorted(map(str, endings))}")


def no_result_without_an_event(history: History) -> Iterator[Finding]:
    """Whatever a result or a letter speaks of was published."""
    spoken_of = {result.event for result in history.results} | {letter.event for letter in history.letters}
    for event in spoken_of - set(history.events):
        yield Finding("uncaused", event, "was never published")


def endings_are_as_wished(history: History) -> Iterator[Finding]:
    """What the platform takes is accepted, what it refuses is rejected; deaths by the fault itself count apart."""
    held = dict(_held(history))
    for event, results in history.first_results.items():
        if event in history.events:
            yield from _as_wished(history, event, results[-1].ending, held.get(event), replayed=False)
    for event, ending in _last(history):
        again = event in history.replayed
        yield from _as_wished(history, event, ending, None if again else held.get(event), replayed=again)


def _as_wished(
    history: History, event: str, ending: Ending, head: str | None, *, replayed: bool
) -> Iterator[Finding]:
    if head is not None and ending.category != "held":
        yield Finding("unexpected", event, f"ended as {ending} and not held behind {head}", head)
    elif head is None and ending.category not in DIED:
        expected = _expected(history.events[event].event.wish, replayed)
        if (ending.outcome, ending.category) not in expected:
            yield Finding("unexpected", event, f"ended as {ending}")


def _held(history: History) -> Iterator[tuple[str, str]]:
    """Each event that a dead letter of its lane holds, and which: the first one of an operation that holds."""
    heads: dict[str, str] = {}
    for published in sorted(history.published, key=lambda one: one.event.number):
        event = published.event
        if event.lane is None or event.wish == NEVER_IN_LINE:
            continue
        if event.lane in heads:
            yield event.id, heads[event.lane]
        elif event.operation in HOLDING and _died_first(history, event.id):
            heads[event.lane] = event.id


def _died_first(history: History, event: str) -> bool:
    results = history.first_results.get(event) or history.last_results.get(event) or []
    return bool(results) and results[-1].ending.outcome in {"rejected", "dead"}


def deaths(history: History) -> Iterator[Finding]:
    """Events that died of the fault."""
    for event, ending in _last(history):
        if ending.category in DIED:
            yield Finding("died", event, f"ended as {ending}")


def _expected(wish: Wish, replayed: bool) -> set[tuple[str, str | None]]:
    match wish:
        case "accept" | "busy-once":
            return {("accepted", None)}
        case "refuse" if replayed:
            return {("accepted", None)}
        case "refuse":
            return {("rejected", "rejected")}
        case "unlisted":
            return {("dead", "unknown")}
        case "invalid":
            return {("rejected", "invalid")}
        case "ask":
            return {("accepted", None), ("expired", None)}


def what_is_put_back_is_not_held_again(history: History) -> Iterator[Finding]:
    """Dead letters are put back in the order of their lane, each behind what held it."""
    for result in history.held_again:
        yield Finding("held again", result.event, "was put back before what holds it")


def letters_match_results(history: History) -> Iterator[Finding]:
    """A durable event stands in the dead queue exactly when its result says that it was not accepted."""
    standing = {letter.event: letter for letter in history.letters}
    for event, ending in _last(history):
        wanted = history.events[event].event.durable and ending.outcome != "accepted"
        letter = standing.get(event)
        if wanted and letter is None:
            yield Finding("lost", event, f"ended as {ending} and has no dead letter")
        elif letter is not None and not wanted:
            yield Finding("letter", event, f"ended as {ending} and has a dead letter")
        elif letter is not None and letter.category != ending.category:
            yield Finding("letter", event, f"ended as {ending}, its dead letter says {letter.category}")


def endings_have_a_cause(history: History) -> Iterator[Finding]:
    """What a result says, the platform has said: no result without a call that was answered so."""
    for event, ending in _last(history):
        since = history.replayed_at if event in history.replayed else 0.0
        calls = [call for call in history.calls_of.get(event, []) if call.began >= since]
        wrong = _uncaused(ending, calls, history.calls_of.get(event, []))
        if wrong:
            yield Finding("uncaused", event, f"ended as {ending}, but {wrong}")


def _uncaused(ending: Ending, calls: list[Call], ever: list[Call]) -> str | None:
    answers = [call.answer for call in calls]
    match ending.outcome, ending.category:
        case "accepted", _:
            return _accepted_without_cause(ending, answers, ever)
        case "rejected", "rejected":
            return None if REFUSED in answers else "the platform refused nothing"
        case "dead", "unknown":
            return None if UNLISTED in answers else "the platform gave no unlisted code"
        case ("rejected", "invalid") | ("dead", "held"):
            return "the platform was called" if calls else None
        case _:
            return None


def _accepted_without_cause(ending: Ending, answers: list[str], ever: list[Call]) -> str | None:
    said = [answer for answer in answers if answer in {ACCEPTED, DUPLICATE}]
    if not said:
        return "the platform accepted nothing"
    if not any(call.executed is not None or call.operation == "enrolment-check" for call in ever):
        return "the platform did nothing"
    if ending.duplicate != (said[-1] == DUPLICATE):
        return f"the platform's last word was {said[-1]}"
    return None


def nothing_is_left(history: History) -> Iterator[Finding]:
    """Every queue is empty, dead letters apart."""
    for queue, depth in history.left.items():
        if depth:
            yield Finding("left", None, f"{depth} messages stand in {queue}")


def nobody_complains(history: History) -> Iterator[Finding]:
    """No process ended by itself or in disorder, every fault could be brought about, all settled in time."""
    for complaint in history.complaints:
        yield Finding("complaint", None, complaint)


def repeated_results(history: History) -> Iterator[Finding]:
    """Results beyond the first of each life; a copy that the publisher had to send again is answered again."""
    for event, published in history.events.items():
        first, last = history.first_results.get(event, []), history.last_results.get(event, [])
        more = max(0, len(first) - 1) + max(0, len(last) - 1) - (published.copies - 1)
        for _ in range(more):
            yield Finding("repeated", event, "has a result more than once")


def repeated_letters(history: History) -> Iterator[Finding]:
    """Dead letters beyond the first."""
    for event, number in Counter(letter.event for letter in history.letters).items():
        for _ in range(number - 1):
            yield Finding("repeated", event, "has a dead letter more than once")


def _last(history: History) -> Iterator[tuple[str, Ending]]:
    for event, results in history.last_results.items():
        if event in history.events:
            yield event, results[-1].ending


CHECKS: tuple[Callable[[History], Iterator[Finding]], ...] = (
    every_event_ends_once,
    no_result_without_an_event,
    endings_are_as_wished,
    what_is_put_back_is_not_held_again,
    letters_match_results,
    endings_have_a_cause,
    nothing_is_left,
    nobody_complains,
)
