"""What must be true of the calls that the platform saw: order, one at a time, one process, one token. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.faults.oracle.finding import Finding
from tests.faults.oracle.history import ACCEPTED, DEAD_TOKEN, EXPIRY, FINAL, LOGIN, Call, History, Trouble

SETTLING = 3.0
"""Seconds after an answer in which it may still not be on record, so that what happens then excuses a repetition.

Milliseconds would do on a machine that has nothing else to do.
"""

LATE = 1.5
"""Seconds after its end in which what a killed process had sent may still arrive."""


@dataclass(frozen=True, slots=True)
class Span:
    """A call and when it was under way: it ends, at the latest, when its process is killed."""

    call: Call
    began: float
    ended: float


def spans(history: History) -> list[Span]:
    """All calls, logins too, in order of their beginning."""
    kills = [trouble for trouble in history.troubles if trouble.killed]
    return sorted((_span(call, kills) for call in history.calls), key=lambda span: span.began)


def _span(call: Call, kills: list[Trouble]) -> Span:
    began, ended = call.began, call.ended
    for kill in kills:
        if kill.peer == call.peer and call.began <= kill.began < ended:
            ended = kill.began
        if kill.peer == call.peer and kill.began < call.began <= kill.began + LATE:
            return Span(call, kill.began, kill.began)
    return Span(call, began, ended)


def lanes_keep_their_order(history: History) -> Iterator[Finding]:
    """What was done for the first time was done in the order of the numbers, within each lane and each life."""
    for done in _executions(history).values():
        highest = done[0]
        for call in done[1:]:
            if call.number < highest.number:
                yield Finding("reordered", call.event, f"was done after {highest.event}", highest.event)
            else:
                highest = call


def _executions(history: History) -> dict[tuple[str, bool], list[Call]]:
    found: dict[tuple[str, bool], list[Call]] = defaultdict(list)
    for call in sorted(history.calls, key=lambda call: call.executed or 0.0):
        if call.lane is not None and call.executed is not None:
            again = call.event in history.replayed and call.executed >= history.replayed_at
            found[call.lane, again].append(call)
    return found


def lanes_never_overlap(history: History) -> Iterator[Finding]:
    """No call of a lane begins while another one of it is under way."""
    latest: dict[str, Span] = {}
    for span in spans(history):
        lane = span.call.lane
        if lane is None:
            continue
        before = latest.get(lane)
        if before is not None and before.ended > span.began:
            text = f"was called while {before.call.event} was under way"
            yield Finding("overlapped", span.call.event, text, before.call.event)
        if before is None or span.ended > before.ended:
            latest[lane] = span


def one_process_at_a_time(history: History) -> Iterator[Finding]:
    """No two processes have calls under way at once."""
    latest: dict[str, Span] = {}
    for span in spans(history):
        for peer, before in latest.items():
            if peer != span.call.peer and before.ended > span.began:
                text = f"was called by {span.call.peer} while {peer} called"
                yield Finding("two at once", span.call.event, text, before.call.event)
        known = latest.get(span.call.peer)
        if known is None or span.ended > known.ended:
            latest[span.call.peer] = span


def no_process_takes_over_without_a_cause(history: History) -> Iterator[Finding]:
    """A process goes on calling until something happens to it: two never take turns."""
    ordered = spans(history)
    if not ordered:
        return
    holder, since = ordered[0].call.peer, ordered[0].began
    for span in ordered:
        peer = span.call.peer
        if peer == holder:
            continue
        if not any(t.lease and t.hits(holder) and t.within(since, span.began) for t in history.troubles):
            yield Finding("two at once", span.call.event, f"was called by {peer}, though {holder} had no trouble")
        holder, since = peer, span.began


def repetitions(history: History) -> Iterator[tuple[Call, Call]]:
    """Each call for an event that was done, or refused, with the last call that had done so, by life."""
    for calls in history.calls_of.values():
        ended: Call | None = None
        for call in calls:
            if call.event in history.replayed and ended and ended.began < history.replayed_at <= call.began:
                ended = None
            if ended is not None:
                yield ended, call
            if call.answer in FINAL or call.executed is not None:
                ended = call


def repeated(history: History) -> int:
    """How many calls were made again."""
    return sum(1 for _ in repetitions(history))


def no_call_is_repeated_without_a_cause(history: History) -> Iterator[Finding]:
    """What the platform has answered for good is asked again only where the answer may not be on record.

    A question may be asked as often as anybody likes: nothing is done for it.
    """
    for before, call in repetitions(history):
        if call.lane is None:
            continue
        lost = before.answer not in FINAL
        if not lost and not _troubled(history, before):
            text = f"was called again by {call.peer} after {before.answer} had been answered to {before.peer}"
            yield Finding("executed twice", call.event, text)


def _troubled(history: History, call: Call) -> bool:
    return any(t.hits(call.peer) and t.within(call.began - LATE, call.ended + SETTLING) for t in history.troubles)


def dead_tokens_achieve_nothing(history: History) -> Iterator[Finding]:
    """Whoever was answered had shown the token that was valid then."""
    valid = _validity(history)
    for call in history.calls:
        if call.operation == LOGIN or call.answer not in FINAL:
            continue
        times = valid.get(call.token or "", (1.0, 0.0))
        if times[0] > call.ended or times[1] < call.began:
            yield Finding("token", call.event, f"was answered {call.answer} with a token that was not valid")


def _validity(history: History) -> dict[str, tuple[float, float]]:
    """From when until when each token was the valid one."""
    made = sorted((call.executed, call.token or "") for call in _logins(history) if call.executed is not None)
    expiries = [trouble.began for trouble in history.troubles if trouble.what == EXPIRY]
    ends = [at for at, _ in made][1:] + [float("inf")] * bool(made)
    return {
        token: (at, min([end, *(expiry for expiry in expiries if at <= expiry < end)]))
        for (at, token), end in zip(made, ends, strict=True)
    }


def no_login_without_a_cause(history: History) -> Iterator[Finding]:
    """A token is given up only when it was refused, when it may not be on record, or when its time seems over."""
    made = [call for call in _logins(history) if call.executed is not None]
    for before, login in pairwise(sorted(made, key=lambda call: call.began)):
        refused = any(c.answer in DEAD_TOKEN and before.began <= c.ended <= login.ended for c in history.calls)
        expired = any(t.token and t.within(before.began, login.began) for t in history.troubles)
        unsaved = before.answer != ACCEPTED or _troubled(history, before)
        if not (refused or expired or unsaved):
            yield Finding("login", None, f"logged in again at {login.began:.3f} by {login.peer}, with a valid token")


def _logins(history: History) -> list[Call]:
    return [call for call in history.calls if call.operation == LOGIN]


CHECKS: tuple[Callable[[History], Iterator[Finding]], ...] = (
    lanes_keep_their_order,
    lanes_never_overlap,
    one_process_at_a_time,
    no_process_takes_over_without_a_cause,
    no_call_is_repeated_without_a_cause,
    dead_tokens_achieve_nothing,
    no_login_without_a_cause,
)
