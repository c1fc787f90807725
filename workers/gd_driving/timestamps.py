"""The `ts` of requests: milliseconds by the platform's clock, rising, never the same twice for one certificate."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import time
from weakref import WeakValueDictionary

REMEMBERED = 10 * 60 * 1000
"""Milliseconds: the platform takes nothing older than 3 minutes, so what is older cannot be repeated."""

TOLERANCE = 2000
"""Milliseconds that a Date header may be off by itself: it counts whole seconds, and answers take time."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A timestamp, and after how many corrections of the clock it was made."""

    milliseconds: int
    corrections: int


class Timestamps:
    """One for each certificate. `clock`: our own, seconds since the epoch."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._offset = 0.0
        self._corrections = 0
        self._last = 0
        self._given: OrderedDict[int, None] = OrderedDict()

    def next(self) -> Stamp:
        """Later than every one before it; after the clock was put back, later than every one since."""
        value = max(int((self._clock() + self._offset) * 1000), self._last + 1)
        while value in self._given:
            value += 1
        self._last = value
        self._given[value] = None
        while next(iter(self._given)) < value - REMEMBERED:
            self._given.popitem(last=False)
        return Stamp(value, self._corrections)

    def correct(self, refused: Stamp, platform_time: float | None) -> None:
        """The platform refused this stamp, and its clock said `platform_time`, in seconds (None: it did not say).

        A stamp near that time was merely repeated; and what was stamped before the last correction says
        nothing about the clock as it is now.
        """
        if platform_time is None or refused.corrections != self._corrections:
            return
        if abs(platform_time * 1000 - refused.milliseconds) > TOLERANCE:
            self._offset = platform_time - self._clock()
            self._corrections += 1
            self._last = 0


_OF_CERTIFICATES: WeakValueDictionary[str, Timestamps] = WeakValueDictionary()


def of_certificate(user: str) -> Timestamps:
    """The timestamps of a certificate: shared by all accounts of this process that use it."""
    return _OF_CERTIFICATES.setdefault(user, Timestamps())
