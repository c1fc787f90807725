"""Whether an account may call its platform now: open, paused for a while, or stopped until somebody acts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from gateway.outcome import Halt, Paused

State = Literal["open", "paused", "stopped"]
STATES: tuple[State, ...] = ("open", "paused", "stopped")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the account does not call: the platform's code and message."""

    code: str | None
    message: str


class Gate:
    """The state, and an event for whoever has to act on its closing. Times are monotonic seconds."""

    def __init__(self, on_change: Callable[[State], None], clock: Callable[[], float] = monotonic) -> None:
        self._on_change = on_change
        self._clock = clock
        self._until = 0.0
        self.state: State = "open"
        self.reason = Reason(None, "")
        self.closed = asyncio.Event()
        on_change(self.state)

    def close(self, halt: Halt, pause_seconds: float) -> None:
        """The platform is closed or refuses the account. A stopped account stays stopped."""
        if self.state == "stopped":
            return
        self.reason = Reason(halt.code, halt.message)
        asked = halt.seconds if isinstance(halt, Paused) else None
        self._until = self._clock() + (pause_seconds if asked is None else asked)
        self._enter("paused" if isinstance(halt, Paused) else "stopped")
        self.closed.set()

    def open(self) -> None:
        """Calls are allowed again."""
        self.reason = Reason(None, "")
        self.closed.clear()
        self._enter("open")

    def seconds_left(self) -> float:
        """How long the pause still lasts; nothing when it is over or the account is stopped."""
        return max(0.0, self._until - self._clock()) if self.state == "paused" else 0.0

    def _enter(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self._on_change(state)
