"""Numbers as people read them. Pure."""

import statistics
from collections.abc import Sequence

LOW_RATE = 10.0


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """The median, and from where to where they went: `1,000 (900–1,100)`; of one value that alone."""
    median = format(statistics.median(values), form)
    if len(values) == 1:
        return median
    return f"{median} ({min(values):{form}}–{max(values):{form}})"


def rates(values: Sequence[float]) -> str:
    """Of so many a second, the same; with two places where they are very low."""
    return spread(values, ",.0f" if min(values) >= LOW_RATE else ",.2f")


def percent(share: float) -> str:
    """With a tenth: `98.1 %`."""
    return f"{100 * share:.1f} %"


def millis(seconds: float) -> str:
    """`63 ms`."""
    return f"{1000 * seconds:.0f} ms"


def megabytes(size: float) -> str:
    """`176 MB`, of 10⁶ bytes."""
    return f"{size / 1e6:,.0f} MB"
