"""The time of day that nobody can set while this process runs: what is stamped and compared follows one clock."""

from time import monotonic
from time import time as wall

_BEGAN = wall() - monotonic()


def time() -> float:
    """Unix seconds, by the wall clock as it stood when the process began."""
    return _BEGAN + monotonic()
