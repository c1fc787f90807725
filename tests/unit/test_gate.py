"""An account is open, paused for a while, or stopped until somebody acts."""

import pytest

from gateway.gate import STATES, Gate, Reason, State
from gateway.outcome import Paused, Stopped

CLOSED = Paused("A0508", "接口已关闭")
WRONG = Stopped("A0210", "密码错误")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen() -> list[State]:
    return []


@pytest.fixture
def gate(clock: Clock, seen: list[State]) -> Gate:
    return Gate(seen.append, clock)


async def test_a_new_gate_is_open_and_says_so(gate: Gate, seen: list[State]) -> None:
    assert (gate.state, gate.reason, gate.seconds_left()) == ("open", Reason(None, ""), 0.0)
    assert not gate.closed.is_set()
    assert seen == ["open"]


async def test_a_closed_platform_pauses_the_account_for_the_time_given(gate: Gate, clock: Clock) -> None:
    gate.close(CLOSED, 60)
    assert (gate.state, gate.reason) == ("paused", Reason("A0508", "接口已关闭"))
    assert gate.closed.is_set()
    assert gate.seconds_left() == 60
    clock.now += 59
    assert gate.seconds_left() == 1
    clock.now += 10
    assert (gate.seconds_left(), gate.state) == (0.0, "paused")


@pytest.mark.parametrize("seconds", [0.0, 5.0, 3600.0])
async def test_a_platform_that_says_how_long_it_is_closed_is_believed(gate: Gate, seconds: float) -> None:
    gate.close(Paused("1214", "at night", seconds), 60)
    assert (gate.state, gate.seconds_left()) == ("paused", seconds)


async def test_a_refused_account_is_stopped_and_no_time_ends_that(gate: Gate) -> None:
    gate.close(WRONG, 60)
    assert (gate.state, gate.reason, gate.seconds_left()) == ("stopped", Reason("A0210", "密码错误"), 0.0)


async def test_a_pause_can_be_prolonged_and_takes_its_latest_reason(gate: Gate, clock: Clock) -> None:
    gate.close(CLOSED, 60)
    clock.now += 50
    gate.close(Paused("1214", "later"), 30)
    assert (gate.seconds_left(), gate.reason.code) == (30, "1214")


async def test_a_stopped_account_stays_stopped_when_the_platform_closes(gate: Gate) -> None:
    gate.close(WRONG, 60)
    gate.close(CLOSED, 60)
    assert (gate.state, gate.reason.code) == ("stopped", "A0210")


async def test_a_paused_account_can_be_stopped(gate: Gate, seen: list[State]) -> None:
    gate.close(CLOSED, 60)
    gate.close(WRONG, 60)
    assert (gate.state, gate.reason.code) == ("stopped", "A0210")
    assert seen == ["open", "paused", "stopped"]


@pytest.mark.parametrize("halt", [CLOSED, WRONG])
async def test_an_opened_gate_remembers_nothing_and_can_close_again(gate: Gate, halt: Paused | Stopped) -> None:
    gate.close(halt, 60)
    gate.open()
    assert (gate.state, gate.reason, gate.seconds_left()) == ("open", Reason(None, ""), 0.0)
    assert not gate.closed.is_set()
    gate.close(CLOSED, 5)
    assert gate.closed.is_set()


async def test_only_a_change_of_state_is_told(gate: Gate, seen: list[State]) -> None:
    gate.open()
    gate.close(CLOSED, 1)
    gate.close(CLOSED, 1)
    gate.open()
    gate.open()
    assert seen == ["open", "paused", "open"]
    assert set(seen) <= set(STATES)
