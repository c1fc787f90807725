"""How busy the process is."""

from collections.abc import Callable
from time import monotonic, process_time

SATURATED = 0.8
"""Of a processor, from which on there is no time to spare: waiting for it and for the interpreter takes the rest."""

WINDOW_SECONDS = 0.04
"""Over which it is measured, at the least."""


class Busy:
    """Asked as often as one likes. `clock` tells the time, `used` the seconds that we have had the processor."""

    def __init__(self, clock: Callable[[], float] = monotonic, used: Callable[[], float] = process_time) -> None:
        self._clock, self._seconds_used = clock, used
        self._since, self._used = clock(), used()
        self._saturated = False

    def saturated(self) -> bool:
        """Whether there was hardly any time to spare lately."""
        seconds = self._clock() - self._since
        if seconds >= WINDOW_SECONDS:
            used = self._seconds_used()
            self._saturated = used - self._used >= SATURATED * seconds
            self._since, self._used = self._since + seconds, used
        return self._saturated
