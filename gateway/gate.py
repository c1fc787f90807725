"""Whether an account may call its platform now: the circuit breaker, and every other reason to wait. Pure.

States: `working`; `paused`, the platform is down or closed, for a time that grows; `probing`, one call finds out
whether it is back; `contested`, somebody else logs in with the account; `stopped`, until an operator acts;
`ledger-down`, until what happens can be written down again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal, assert_never

from gateway.outcome import Contested, Paused, Stopped, Unavailable

State = Literal["working", "probing", "paused", "contested", "ledger-down", "stopped"]
STATES: tuple[State, ...] = ("working", "probing", "paused", "contested", "ledger-down", "stopped")
TRIP_AFTER = 3
"""Failures in a row, none of them answered, before the platform counts as down."""

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 15.0
"""Between probes: doubled each time, so that a night costs few calls and the morning is noticed soon."""

LONGEST_ASKED_SECONDS = 3600.0
"""What a Retry-After may ask for at the most."""


@dataclass(frozen=True, slots=True)
class LedgerDown:
    """The ledger cannot be read or written: nothing may be called that could not be recorded."""

    code: str | None
    message: str


Closing = Paused | Stopped | LedgerDown


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the account does not call: the platform's code and message."""

    code: str | None
    message: str


class Permit:
    """Leave for one call, given at its moment."""

    __slots__ = ()


class Gate:
    """The state, and `closed`, an event for whoever has to act on its closing. Times are of `clock`, in seconds."""

    def __init__(
        self,
        on_change: Callable[[State], None],
        pause_seconds: float = 60.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._on_change = on_change
        self._pause_seconds = pause_seconds
        self._clock = clock
        self._until = 0.0
        self._interval = self._first_interval()
        self._probe: Permit | None = None
        self._failures = 0
        self._suspects: set[str] = set()
        self._answered_at = float("-inf")
        self._changed = asyncio.Event()
        self.state: State = "working"
        self.reason = Reason(None, "")
        self.closed = asyncio.Event()
        on_change(self.state)

    # --- what the calls say

    def enter(self) -> Permit | None:
        """Ask at the moment of the call; None when it may not be made now. Every permit goes to `leave`."""
        if self.state == "working":
            return Permit()
        if self.state == "probing" and self._probe is None:
            self._probe = Permit()
            return self._probe
        return None

    async def turn(self) -> Permit | None:
        """A permit as soon as there may be one: who meets a probe under way waits for its end. None when closed."""
        while (permit := self.enter()) is None and self.state == "probing":
            await self._changed.wait()
        return permit

    def answered(self, permit: Permit) -> None:
        """The platform answered this call, whatever it said."""
        self._failures, self._answered_at = 0, self._clock()
        self._suspects.clear()
        if permit is self._probe and self.state == "probing":
            self._interval = self._first_interval()
            self._enter("working")

    def failed(self, permit: Permit, trouble: Unavailable, event: str, failed_before: float | None) -> bool:
        """The platform did not answer this call, or said that it is down. Whether the event pays with an attempt.

        It does where the platform answered others since the event failed before, `failed_before` seconds ago:
        then it may be the event. A return code of the platform's own counts too, as long as it is not one
        event after another that gets it.
        """
        self._failures += not trouble.by_code
        self._suspects.add(event)
        down = self.state != "working" or max(self._failures, len(self._suspects)) >= TRIP_AFTER
        if (down or trouble.after) and (self.state == "working" or permit is self._probe):
            self._trip(trouble)
        again = failed_before is not None and self._answered_at > self._clock() - failed_before
        return again or (trouble.by_code and not down)

    def leave(self, permit: Permit) -> None:
        """The call has ended, in whatever way; a probe that found out nothing is given back."""
        if permit is self._probe:
            self._probe = None
            self._tell()

    # --- what the worker does

    def close(self, halt: Closing) -> None:
        """Stop calling. A stopped account stays stopped, and nothing shortens a pause."""
        match halt:
            case Stopped():
                self._close("stopped", halt, 0)
            case LedgerDown():
                self._close("ledger-down", halt, 0)
            case Contested(seconds=seconds):
                self._close("contested", halt, self._pause_seconds if seconds is None else seconds)
            case Paused(seconds=seconds):
                self._close("paused", halt, self._pause_seconds if seconds is None else seconds)
            case unreachable:
                assert_never(unreachable)

    def open(self) -> None:
        """What kept the account from calling is over: one call finds out whether the platform works."""
        self.reason = Reason(None, "")
        self.closed.clear()
        self._probe = None
        self._enter("probing")

    def seconds_left(self) -> float:
        """How long the platform has to be left alone still."""
        return max(0.0, self._until - self._clock())

    def _trip(self, trouble: Unavailable) -> None:
        if self.state not in {"working", "probing"}:
            return
        seconds = max(self._interval, min(trouble.after or 0.0, LONGEST_ASKED_SECONDS))
        self._interval = min(self._interval * 2, self._longest_interval())
        self._close("paused", trouble, seconds)

    def _close(self, state: State, why: Closing | Unavailable, seconds: float) -> None:
        if self.state == "stopped":
            return
        self.reason = Reason(why.code, why.message)
        self._until = max(self._until, self._clock() + seconds)
        self._failures = 0
        self._suspects.clear()
        self._enter(state)
        self.closed.set()

    def _longest_interval(self) -> float:
        return min(LONGEST_PAUSE_SECONDS, self._pause_seconds)

    def _first_interval(self) -> float:
        return min(FIRST_PAUSE_SECONDS, self._pause_seconds)

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._on_change(state)
        self._tell()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
