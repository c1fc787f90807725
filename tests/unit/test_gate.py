"""When an account may call its platform: the breaker, the pauses, and what an event pays for a failure."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from gateway.gate import LONGEST_ASKED_SECONDS, STATES, Closing, Gate, LedgerDown, Permit, Reason, State
from gateway.outcome import Contested, Paused, Stopped, Unavailable

CLOSED = Paused("A0508", "接口已关闭")
WRONG = Stopped("A0210", "密码错误")
SHARED = Contested("token-contested", "somebody else logs in")
UNWRITABLE = LedgerDown("ledger-down", "the ledger is full")
SILENT = Unavailable("timeout", "no answer")
BUSY = Unavailable("A0500", "系统繁忙", by_code=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A gate, its clock, and what it told."""

    def __init__(self, **settings: float) -> None:
        self.clock = Clock()
        self.seen: list[State] = []
        self.gate = Gate(self.seen.append, clock=self.clock, **settings)

    @property
    def state(self) -> State:
        return self.gate.state

    def permit(self) -> Permit:
        permit = self.gate.enter()
        assert permit is not None
        return permit

    def answer(self) -> None:
        """One call that the platform answers."""
        permit = self.permit()
        self.gate.answered(permit)
        self.gate.leave(permit)

    def fail(self, event: str = "e", trouble: Unavailable = SILENT, before: float | None = None) -> bool:
        """One call that fails; whether its event pays."""
        permit = self.permit()
        pays = self.gate.failed(permit, trouble, event, before)
        self.gate.leave(permit)
        return pays

    def trip(self) -> None:
        """Three failures in a row."""
        for event in "abc":
            self.fail(event)
        assert self.state == "paused"

    def wait_and_open(self) -> float:
        """Leave the platform alone as long as the gate asks, then probe; how long that was."""
        seconds = self.gate.seconds_left()
        self.clock.now += seconds
        self.gate.open()
        assert self.state == "probing"
        return seconds


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- states


def test_a_new_gate_works_and_says_so(bench: Bench) -> None:
    assert (bench.state, bench.gate.reason, bench.gate.seconds_left()) == ("working", Reason(None, ""), 0.0)
    assert not bench.gate.closed.is_set()
    assert bench.seen == ["working"]


CLOSINGS: list[tuple[Closing, State, float]] = [
    (CLOSED, "paused", 60),
    (Paused("1214", "at night", 0.0), "paused", 0),
    (Paused("1214", "at night", 3600.0), "paused", 3600),
    (SHARED, "contested", 60),
    (Contested("token-contested", "", 300.0), "contested", 300),
    (UNWRITABLE, "ledger-down", 0),
    (WRONG, "stopped", 0),
]


@pytest.mark.parametrize(("why", "state", "seconds"), CLOSINGS)
def test_every_reason_to_wait_has_its_state_and_its_time(
    bench: Bench, why: Closing, state: State, seconds: float
) -> None:
    bench.gate.close(why)
    assert (bench.state, bench.gate.seconds_left()) == (state, seconds)
    assert bench.gate.reason == Reason(why.code, why.message)
    assert bench.gate.closed.is_set()
    assert bench.seen == ["working", state]


@pytest.mark.parametrize("why", [CLOSED, SHARED, UNWRITABLE, WRONG])
def test_a_closed_gate_gives_no_permit(bench: Bench, why: Closing) -> None:
    bench.gate.close(why)
    assert bench.gate.enter() is None


@pytest.mark.parametrize("why", [CLOSED, SHARED, UNWRITABLE, WRONG])
def test_an_opened_gate_probes_remembers_no_reason_and_can_close_again(bench: Bench, why: Closing) -> None:
    bench.gate.close(why)
    bench.gate.open()
    assert (bench.state, bench.gate.reason) == ("probing", Reason(None, ""))
    assert not bench.gate.closed.is_set()
    bench.answer()
    assert bench.state == "working"
    bench.gate.close(CLOSED)
    assert (bench.state, bench.gate.closed.is_set()) == ("paused", True)


def test_only_a_change_of_state_is_told(bench: Bench) -> None:
    for _ in range(2):
        bench.gate.close(CLOSED)
    for _ in range(2):
        bench.gate.open()
    bench.answer()
    bench.answer()
    bench.trip()
    assert bench.seen == ["working", "paused", "probing", "working", "paused"]
    assert set(bench.seen) <= set(STATES)


def test_a_pause_passes_but_nobody_opens_without_being_asked(bench: Bench) -> None:
    bench.gate.close(CLOSED)
    bench.clock.now += 59
    assert bench.gate.seconds_left() == 1
    bench.clock.now += 10
    assert (bench.gate.seconds_left(), bench.state) == (0.0, "paused")


@pytest.mark.parametrize("why", [CLOSED, SHARED, UNWRITABLE])
def test_a_stopped_account_stays_stopped_whatever_comes(bench: Bench, why: Closing) -> None:
    bench.gate.close(WRONG)
    bench.gate.close(why)
    assert (bench.state, bench.gate.reason.code) == ("stopped", "A0210")


@pytest.mark.parametrize("why", [CLOSED, SHARED, UNWRITABLE])
def test_any_closed_account_can_still_be_stopped(bench: Bench, why: Closing) -> None:
    bench.gate.close(why)
    bench.gate.close(WRONG)
    assert (bench.state, bench.gate.reason.code) == ("stopped", "A0210")


@pytest.mark.parametrize(
    ("later", "left", "code"),
    [
        (UNWRITABLE, 50, "ledger-down"),
        (Paused("1214", "shorter", 5), 50, "1214"),
        (Paused("1214", "longer", 90), 90, "1214"),
        (Contested("token-contested", "", 70), 70, "token-contested"),
    ],
)
def test_nothing_shortens_a_pause_and_the_latest_reason_is_shown(
    bench: Bench, later: Closing, left: float, code: str
) -> None:
    bench.gate.close(CLOSED)
    bench.clock.now += 10
    bench.gate.close(later)
    assert (bench.gate.seconds_left(), bench.gate.reason.code) == (left, code)


# --- the breaker


def test_three_unanswered_failures_in_a_row_trip_it_even_of_one_event(bench: Bench) -> None:
    assert not any(bench.fail("same") for _ in range(2))
    assert bench.state == "working"
    assert not bench.fail("same")
    assert (bench.state, bench.gate.reason) == ("paused", Reason("timeout", "no answer"))


@pytest.mark.parametrize("trouble", [SILENT, BUSY])
def test_an_answer_in_between_makes_the_count_start_over(bench: Bench, trouble: Unavailable) -> None:
    for event in "abcdefgh":
        bench.fail(event, trouble)
        bench.fail(f"{event}2", trouble)
        bench.answer()
    assert bench.state == "working"


def test_three_events_with_the_platforms_own_code_trip_it(bench: Bench) -> None:
    pays = [bench.fail(event, BUSY) for event in "abc"]
    assert (bench.state, bench.gate.reason.code) == ("paused", "A0500")
    assert pays == [True, True, False]  # of the first two nobody could know


def test_one_event_alone_with_the_platforms_own_code_pays_and_trips_nothing(bench: Bench) -> None:
    assert all(bench.fail("same", BUSY) for _ in range(20))
    assert bench.state == "working"


def test_failures_of_both_kinds_are_counted_by_event_too(bench: Bench) -> None:
    states = []
    for event, trouble in (("a", BUSY), ("b", SILENT), ("a", BUSY), ("c", SILENT)):
        bench.fail(event, trouble)
        states.append(bench.state)
    assert states == ["working", "working", "working", "paused"]


@pytest.mark.parametrize(
    ("failed_before", "pays"),
    [
        (None, False),  # its first failure
        (10.0, True),  # others were answered 5 s ago
        (5.0, False),  # at the moment of its failure is not since
        (1.0, False),
    ],
)
def test_an_event_pays_when_others_were_answered_since_it_failed_before(
    bench: Bench, failed_before: float | None, pays: bool
) -> None:
    bench.answer()
    bench.clock.now += 5
    assert bench.fail("e", SILENT, failed_before) is pays


def test_before_anything_was_answered_nobody_pays_for_silence(bench: Bench) -> None:
    assert not bench.fail("e", SILENT, 1e9)


def test_the_probe_pays_too_when_others_were_answered_since(bench: Bench) -> None:
    bench.answer()
    bench.trip()
    bench.wait_and_open()
    assert bench.fail("e", SILENT, 1000.0)
    bench.wait_and_open()
    assert not bench.fail("f", SILENT, 0.5)


# --- probes


def test_one_probe_at_a_time_and_it_is_given_back(bench: Bench) -> None:
    bench.gate.open()
    probe = bench.permit()
    assert bench.gate.enter() is None
    bench.gate.leave(probe)  # it found out nothing
    assert bench.state == "probing"
    again = bench.permit()
    assert again is not probe
    assert bench.gate.enter() is None


def test_an_answered_probe_opens_the_gate_for_everybody(bench: Bench) -> None:
    bench.trip()
    bench.wait_and_open()
    probe = bench.permit()
    bench.gate.answered(probe)
    assert bench.state == "working"
    assert all(bench.gate.enter() for _ in range(10))
    bench.gate.leave(probe)
    assert bench.state == "working"


@pytest.mark.parametrize("trouble", [SILENT, BUSY])
def test_a_probe_that_fails_closes_at_once_and_costs_its_event_nothing(bench: Bench, trouble: Unavailable) -> None:
    bench.trip()
    bench.wait_and_open()
    assert not bench.fail("d", trouble)
    assert bench.state == "paused"


def test_leaving_twice_or_late_gives_back_nobody_elses_probe(bench: Bench) -> None:
    bench.gate.open()
    old = bench.permit()
    bench.gate.leave(old)
    bench.permit()
    bench.gate.leave(old)
    assert bench.gate.enter() is None


def test_the_late_answer_of_an_old_call_does_not_end_the_probing(bench: Bench) -> None:
    old = bench.permit()
    bench.trip()
    bench.wait_and_open()
    bench.gate.answered(old)
    bench.gate.leave(old)
    assert bench.seen[-1] == "probing"
    bench.answer()
    assert bench.seen == ["working", "paused", "probing", "working"]


def test_the_probe_of_an_earlier_opening_says_nothing_about_the_next(bench: Bench) -> None:
    bench.gate.open()
    old = bench.permit()
    bench.gate.close(CLOSED)
    bench.wait_and_open()
    new = bench.permit()
    bench.gate.answered(old)
    bench.gate.leave(old)
    assert (bench.state, bench.gate.enter()) == ("probing", None)
    bench.gate.answered(new)
    assert bench.state == "working"


@pytest.mark.parametrize("trouble", [SILENT, BUSY, Unavailable("http-429", "", after=100)])
def test_old_calls_that_fail_late_neither_end_a_probe_nor_pay(bench: Bench, trouble: Unavailable) -> None:
    old = [bench.permit() for _ in range(5)]
    bench.trip()
    bench.wait_and_open()
    probe = bench.permit()
    assert not any(bench.gate.failed(permit, trouble, f"old {n}", None) for n, permit in enumerate(old))
    assert (bench.state, bench.gate.seconds_left()) == ("probing", 0)
    bench.gate.answered(probe)
    assert bench.state == "working"


def test_calls_that_fail_in_a_pause_do_not_pay_for_the_platforms_code(bench: Bench) -> None:
    late = [bench.permit() for _ in range(6)]
    bench.trip()
    left = bench.gate.seconds_left()
    assert not any(bench.gate.failed(permit, BUSY, f"late {n}", None) for n, permit in enumerate(late))
    assert (bench.state, bench.gate.seconds_left()) == ("paused", left)


# --- pauses


def pauses(bench: Bench, number: int) -> Iterable[float]:
    """The length of so many pauses in a row."""
    bench.trip()
    for _ in range(number):
        yield bench.wait_and_open()
        bench.fail()


@pytest.mark.parametrize(
    ("pause_seconds", "expected"),
    [
        (60, [1, 2, 4, 8, 15, 15, 15]),
        (15, [1, 2, 4, 8, 15, 15, 15]),
        (6, [1, 2, 4, 6, 6, 6, 6]),
        (0.5, [0.5, 0.5, 0.5]),
    ],
)
def test_pauses_double_up_to_fifteen_seconds_or_the_configured_pause(
    pause_seconds: float, expected: list[float]
) -> None:
    assert list(pauses(Bench(pause_seconds=pause_seconds), len(expected))) == expected


def test_pauses_start_over_once_a_probe_was_answered(bench: Bench) -> None:
    assert list(pauses(bench, 4)) == [1, 2, 4, 8]
    assert bench.wait_and_open() == 15
    bench.answer()
    assert list(pauses(bench, 2)) == [1, 2]


@pytest.mark.parametrize(
    ("after", "seconds"),
    [(0.2, 1), (1, 1), (30, 30), (3600, 3600), (1e9, LONGEST_ASKED_SECONDS), (float("inf"), LONGEST_ASKED_SECONDS)],
)
def test_a_platform_that_asks_for_time_gets_it_at_once_within_bounds(
    bench: Bench, after: float, seconds: float
) -> None:
    assert not bench.fail("e", Unavailable("http-429", "too many", after=after))
    assert (bench.state, bench.gate.seconds_left()) == ("paused", seconds)


def test_a_probe_that_is_asked_for_time_waits_the_longer_of_both(bench: Bench) -> None:
    for expected, after in ((1, None), (2, 0.5), (30, 30), (8, None)):
        if bench.state == "probing":
            bench.fail("e", Unavailable("http-503", "", after=after))
        else:
            bench.trip()
        assert bench.wait_and_open() == expected


# --- waiting for one's turn


async def started(bench: Bench, number: int) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.create_task(bench.gate.turn()) for _ in range(number)]
    await settled()
    return tasks


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_while_it_works_everybody_has_a_turn_at_once(bench: Bench) -> None:
    assert all(task.result() for task in await started(bench, 5))


@pytest.mark.parametrize("why", [CLOSED, SHARED, UNWRITABLE, WRONG])
async def test_nobody_waits_for_a_turn_at_a_closed_gate(bench: Bench, why: Closing) -> None:
    bench.gate.close(why)
    assert [task.result() for task in await started(bench, 2)] == [None, None]


async def test_who_meets_a_probe_goes_once_it_was_answered(bench: Bench) -> None:
    bench.gate.open()
    probe, *others = await started(bench, 4)
    assert [task.done() for task in others] == [False] * 3
    bench.gate.answered(probe.result())
    await settled()
    assert all(task.result() for task in others)


async def test_who_meets_a_probe_is_turned_away_once_it_failed(bench: Bench) -> None:
    bench.gate.open()
    probe, *others = await started(bench, 4)
    bench.gate.failed(probe.result(), SILENT, "e", None)
    await settled()
    assert [task.result() for task in others] == [None] * 3


async def test_a_probe_that_found_out_nothing_is_passed_to_one_of_those_who_wait(bench: Bench) -> None:
    bench.gate.open()
    probe, *others = await started(bench, 4)
    bench.gate.leave(probe.result())
    await settled()
    assert sum(task.done() for task in others) == 1
    for task in others:
        task.cancel()


async def test_who_is_cancelled_while_waiting_takes_no_probe_along(bench: Bench) -> None:
    bench.gate.open()
    probe, leaving, staying = await started(bench, 3)
    leaving.cancel()
    await settled()
    bench.gate.leave(probe.result())
    await settled()
    assert staying.result() is not None
