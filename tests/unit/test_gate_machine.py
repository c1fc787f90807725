"""The breaker under any sequence of calls, answers, failures, pauses and openings, beside a simple model of it."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.gate import Gate, LedgerDown, Permit, State
from gateway.outcome import Contested, Paused, Stopped, Unavailable

EVENTS = ["a", "b", "c", "poison"]
CLOSINGS = [
    Paused("A0508", "closed", 5),
    Paused("A0508", "closed"),
    Contested("token-contested", "", 2),
    LedgerDown("ledger-down", ""),
    Stopped("A0210", "wrong"),
]
which = st.integers(0, 5)


@dataclass
class Call:
    """One that is under way: whose it is, and whether it is the probe of the present opening."""

    permit: Permit
    event: str
    probe: bool


@dataclass
class Model:
    """What the breaker has to know, said as lists."""

    unanswered: list[tuple[str, bool]] = field(default_factory=list)
    """Failures since the last answer or closing: the event, and whether the platform's own code said so."""
    answered_at: float = float("-inf")
    failed_at: dict[str, float] = field(default_factory=dict)

    @property
    def looks_down(self) -> bool:
        silent = [event for event, by_code in self.unanswered if not by_code]
        return len(silent) >= 3 or len({event for event, _ in self.unanswered}) >= 3


class GateMachine(RuleBasedStateMachine):
    """The platform is up or down; who calls is answered, or not, or gives up; the worker opens when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.up = True
        self.told: list[State] = []
        self.gate = Gate(self.told.append, pause_seconds=20, clock=lambda: self.now)
        self.model = Model()
        self.calls: list[Call] = []

    # --- calls

    @rule(event=st.sampled_from(EVENTS))
    def call(self, event: str) -> None:
        """A permit exactly where one is due."""
        probing = self.gate.state == "probing"
        due = self.gate.state == "working" or (probing and not any(call.probe for call in self.calls))
        permit = self.gate.enter()
        assert (permit is not None) == due
        if permit is not None:
            self.calls.append(Call(permit, event, probing))

    @precondition(lambda self: self.calls and self.up)
    @rule(number=which)
    def answer(self, number: int) -> None:
        call = self._take(number)
        before = self.gate.state
        self.gate.answered(call.permit)
        opens = before == "probing" and call.probe
        assert self.gate.state == ("working" if opens else before)
        self.model.unanswered, self.model.answered_at = [], self.now
        self._leave(call)

    @precondition(lambda self: self.calls and not self.up)
    @rule(number=which, after=st.sampled_from([None, None, None, 0.5, 40.0, 1e6]))
    def get_no_answer(self, number: int, after: float | None) -> None:
        """In an outage an event pays at the most for what was before it."""
        call = self._take(number)
        pays = self._fail(call, Unavailable("timeout", "", after))
        assert pays == self._answered_since(call)
        self.model.failed_at[call.event] = self.now
        self._leave(call)

    @precondition(lambda self: any(call.event == "poison" for call in self.calls))
    @rule()
    def get_the_platforms_own_code(self) -> None:
        """One event that is always told that the platform is down."""
        call = next(call for call in self.calls if call.event == "poison")
        self.calls.remove(call)
        working = self.gate.state == "working"
        pays = self._fail(call, Unavailable("A0500", "", by_code=True))
        still = working and self.gate.state == "working"
        assert pays == (still or self._answered_since(call))
        self.model.failed_at[call.event] = self.now
        self._leave(call)

    @precondition(lambda self: self.calls)
    @rule(number=which)
    def give_up(self, number: int) -> None:
        """Cancelled, or a defect of ours: nothing was found out."""
        before = self.gate.state
        self._leave(self._take(number))
        assert self.gate.state == before

    # --- the worker and the world

    @rule(why=st.sampled_from(CLOSINGS[:-1] * 4 + CLOSINGS[-1:]))
    def close(self, why: Paused | Stopped | LedgerDown) -> None:
        stopped, left = self.gate.state == "stopped", self.gate.seconds_left()
        self.gate.close(why)
        self.model.unanswered = [] if not stopped else self.model.unanswered
        assert self.gate.seconds_left() >= left
        assert self.gate.state == "stopped" or not stopped

    @precondition(lambda self: self.gate.state not in {"working", "probing"})
    @rule()
    def open(self) -> None:
        """As the worker does; a stopped account is opened by nobody."""
        self.now += self.gate.seconds_left()
        if self.gate.state == "stopped":
            return
        self.gate.open()
        for call in self.calls:
            call.probe = False
        assert self.gate.state == "probing"

    @rule(seconds=st.sampled_from([0.5, 3.0, 60.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def turn(self) -> None:
        """The platform goes away, or comes back."""
        self.up = not self.up

    @precondition(lambda self: self.gate.state != "stopped")
    @rule()
    def recover(self) -> None:
        """Once the platform is back, the first probe opens, whatever is still under way from before."""
        self.up = True
        if self.gate.state not in {"working", "probing"}:
            self.open()
        for call in [call for call in self.calls if call.probe]:
            self.calls.remove(call)
            self._leave(call)
        self.call("a")
        self.calls.insert(0, self.calls.pop())
        self.answer(0)
        assert self.gate.state == "working"

    # --- what holds always

    @invariant()
    def whoever_acts_on_closing_knows_of_it(self) -> None:
        assert self.gate.closed.is_set() == (self.gate.state not in {"working", "probing"})

    @invariant()
    def every_state_was_told_once(self) -> None:
        assert self.told[-1] == self.gate.state
        assert all(one != other for one, other in zip(self.told, self.told[1:], strict=False))

    def teardown(self) -> None:
        """With every permit given back, a probe is to be had again."""
        for call in self.calls:
            self.gate.leave(call.permit)
        if self.gate.state != "stopped":
            self.gate.open()
            assert self.gate.enter() is not None
            assert self.gate.enter() is None

    # --- helpers

    def _take(self, number: int) -> Call:
        return self.calls.pop(number % len(self.calls))

    def _leave(self, call: Call) -> None:
        self.gate.leave(call.permit)

    def _answered_since(self, call: Call) -> bool:
        return self.model.answered_at > self.model.failed_at.get(call.event, float("inf"))

    def _fail(self, call: Call, trouble: Unavailable) -> bool:
        """Fail a call, and see that the gate closes exactly when it should, and for how long."""
        before, left = self.gate.state, self.gate.seconds_left()
        failed_at = self.model.failed_at.get(call.event)
        self.model.unanswered.append((call.event, trouble.by_code))
        trips = (before == "working" and (self.model.looks_down or bool(trouble.after))) or (
            before == "probing" and call.probe
        )
        ago = None if failed_at is None else self.now - failed_at
        pays = self.gate.failed(call.permit, trouble, call.event, ago)
        assert self.gate.state == ("paused" if trips else before)
        if trips:
            asked = min(trouble.after or 0.0, 3600.0)
            assert max(asked, 1) <= self.gate.seconds_left() <= max(asked, 15, left)
            self.model.unanswered = []
        return pays


TestGate = GateMachine.TestCase
TestGate.settings = settings(max_examples=80, stateful_step_count=30)
