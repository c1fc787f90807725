"""How often a password may be wrong. Pure: times are of a clock, in seconds."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

FREE = 5
"""Wrong passwords for one user before each further one locks."""

FREE_OF_ADDRESS = 20
"""Wrong passwords from one address, which may be a proxy for many."""

FIRST_SECONDS = 30.0
LONGEST_SECONDS = 900.0
"""Doubled with each wrong password, up to this."""

FORGOTTEN_AFTER_SECONDS = 3600.0
MOST_REMEMBERED = 10_000
"""So that made-up names fill no memory: the oldest go first."""


@dataclass(slots=True)
class _Count:
    wrong: int = 0
    last: float = 0.0
    until: float = 0.0
    before: float = 0.0


class Lockout:
    """Counts wrong passwords by user and by address; a name that no user has is counted like one that has."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def seconds_left(self, user: str, address: str) -> float:
        """How long this user, or this address, has to wait before a password is looked at; 0 when it is now."""
        found = (self._counts.get(key) for key in _keys(user, address))
        return max(0.0, *(count.until - self._clock() if count else 0.0 for count in found))

    def failed(self, user: str, address: str) -> float:
        """A password was wrong; how long to wait now."""
        for key, free in zip(_keys(user, address), (FREE, FREE_OF_ADDRESS), strict=True):
            self._count(key, free)
        return self.seconds_left(user, address)

    def succeeded(self, user: str, address: str) -> None:
        """The password counted as wrong was right: the user starts anew, the address is where it was before."""
        of_user, of_address = _keys(user, address)
        self._counts.pop(of_user, None)
        if count := self._counts.get(of_address):
            count.wrong -= 1
            count.until = count.before

    @property
    def remembered(self) -> int:
        """Users and addresses that are counted now."""
        return len(self._counts)

    def _count(self, key: tuple[str, str], free: int) -> None:
        now = self._clock()
        count = self._counts.pop(key, _Count())
        if now - count.last > FORGOTTEN_AFTER_SECONDS:
            count = _Count()
        count.wrong, count.last = count.wrong + 1, now
        count.before = count.until
        if count.wrong >= free:
            count.until = now + min(FIRST_SECONDS * 2.0 ** min(count.wrong - free, 10), LONGEST_SECONDS)
        self._counts[key] = count
        while len(self._counts) > MOST_REMEMBERED:
            self._counts.popitem(last=False)


def _keys(user: str, address: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("user", user), ("address", address)
