"""When the next letter goes, where a rate is asked for. Pure."""

from dataclasses import dataclass

BEHIND_SECONDS = 1.0
"""So much of the schedule at the most is made up for: after a pause no more than a second's letters go at once."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`rate`: letters a second; `due`: when the next one goes, by the caller's clock."""

    rate: float
    due: float

    def following(self, clock: float) -> "Schedule":
        """Once the next letter has its time, `due` or at once where that is past: how it goes on from there."""
        return Schedule(self.rate, max(self.due, clock - BEHIND_SECONDS) + 1 / self.rate)
