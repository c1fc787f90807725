"""允许访问时间段: how long until the platform may be asked again. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")

_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to before `end` of every day, Beijing time; over midnight when `end` is the earlier."""

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> "Hours":
        """Of `08:00-20:00`. Raises ValueError."""
        found = _HOURS.fullmatch(text)
        if found is None:
            raise ValueError("must be written like 08:00-20:00")
        start, end = map(time.fromisoformat, found.groups())
        if start == end:
            raise ValueError("must begin and end at different times")
        return cls(start, end)

    def __contains__(self, moment: datetime) -> bool:
        clock = moment.astimezone(BEIJING).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


def seconds_until(hours: Hours | None, now: datetime) -> float | None:
    """Seconds from `now`, a time with its zone, until the hours begin.

    None where they are not known, or where by them the platform should be open: then only asking tells.
    """
    if hours is None or now in hours:
        return None
    here = now.astimezone(BEIJING)
    begins = datetime.combine(here.date(), hours.start, BEIJING)
    if begins < here:
        begins += timedelta(days=1)
    return (begins - here).total_seconds()
