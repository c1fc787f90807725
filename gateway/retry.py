"""What follows on a failed attempt. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.outcome import Category, Dead, Expired, Retry


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait on this rung of the ladder, then try again."""

    seconds: int


def after_failure(
    failure: Retry, attempts: int, ladder: Sequence[int], time_left: float | None = None
) -> Delay | Dead | Expired:
    """Where an event goes that has paid for `attempts` attempts, and whose last one failed.

    The rung follows the number of attempts, or a higher one where the platform asked for more time.
    `time_left`, in seconds, is how long an interactive question still has; a wait beyond it is pointless.
    """
    if time_left is None and attempts > len(ladder):
        reason = f"{attempts} attempts failed, the last with: {failure.message}"
        return Dead(failure.code, reason, Category.EXHAUSTED)
    seconds = _rung(ladder, attempts - 1, failure.after or 0)
    if time_left is not None and seconds >= time_left:
        return Expired(failure.code, f"no answer in time; the last attempt failed with: {failure.message}")
    return Delay(seconds)


def _rung(ladder: Sequence[int], index: int, at_least: float) -> int:
    index = min(max(index, 0), len(ladder) - 1)  # an attempt that the event does not pay for has no rung yet
    return next((seconds for seconds in ladder[index:] if seconds >= at_least), ladder[-1])
