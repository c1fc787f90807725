"""How many durable calls at once: slow start after an outage, halved when the platform throttles. Pure.

The way TCP does it (RFC 5681): 1, 2, 4 … up to where it last went wrong, then one more a round.
"""

LEAST_SHARE = 0.05
MORE_SHARE = 0.01
"""Of the configured rate: never less than this after throttling, and so much more with every answer."""


class Window:
    """`size` calls at once, at most `ceiling`, and `share` of the configured rate. Times are monotonic seconds."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.share = 1.0
        self._size = float(ceiling)
        self._threshold = float(ceiling)
        self._narrowed_at = float("-inf")

    @property
    def size(self) -> int:
        """Whole calls."""
        return int(self._size)

    def answered(self) -> None:
        """A call was answered: room for one more, or beyond the threshold for a part of one."""
        step = 1.0 if self._size < self._threshold else 1.0 / self._size
        self._size = min(float(self.ceiling), self._size + step)
        self.share = min(1.0, self.share + MORE_SHARE)

    def throttled(self, began: float, now: float) -> None:
        """A call begun at `began` was one too many: half of what there is, once for all that were under way."""
        if began < self._narrowed_at:
            return
        self._narrowed_at = now
        self._threshold = self._size = max(1.0, self._size / 2)
        self.share = max(LEAST_SHARE, self.share / 2)

    def collapsed(self) -> None:
        """The platform is away: begin again with one call."""
        if self._size > 1:
            self._threshold = max(self._size, 2.0)
        self._size = 1.0
