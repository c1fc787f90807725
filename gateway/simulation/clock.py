"""A clock that tests can move."""

import time
from collections.abc import Callable


class Clock:
    """The platform's own wall time, in seconds since the epoch; `advance` moves it for tests."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def __call__(self) -> float:
        """The time now."""
        return self._source() + self._offset

    def advance(self, seconds: float) -> None:
        """Move the platform's time by `seconds` from where it is."""
        self._offset += seconds

    def reset(self) -> None:
        """Follow the source again."""
        self._offset = 0.0
