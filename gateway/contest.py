"""Whether somebody else logs in with our account, judged by how long its tokens live.

Two systems with one account log in against each other: each login kills the other's token, so fresh tokens die
one after the other. A single token that dies early tells nothing: the platform was restarted, or somebody
tried the account by hand.
"""

from collections import deque

from gateway.account import AccountSettings
from gateway.outcome import Contested

CODE = "account-contested"
MESSAGE = (
    "tokens die one after the other: another system seems to log in with this account (账号可能被其他系统使用). "
    "Find out who else has its credentials, or have the platform issue new ones. After the pause one login shows "
    "whether the account is ours again"
)


class Contest:
    """The budget of forced logins. Times are monotonic seconds.

    A login is forced when the platform refused a token that should have been alive: one of ours, used within
    its sliding expiry. Of these there are at most `forced_logins` in any `forced_logins_seconds`. To need more
    means that so many fresh tokens in a row have died within that time, each after 2 minutes or less on average
    where platforms keep them for 30 (with the defaults); the account is contested then.

    After `contested_seconds`, and not before the budget allows it, one login looks whether the others have gone.
    Its token is on trial until it has lived for its share of the time, `forced_logins_seconds / forced_logins`:
    refused earlier, the account is contested at once again.
    """

    def __init__(self, settings: AccountSettings) -> None:
        self._seconds = settings.forced_logins_seconds
        self._pause = settings.contested_seconds
        self._share = self._seconds / settings.forced_logins
        self._logins: deque[float] = deque(maxlen=settings.forced_logins)
        self._until: float | None = None

    def logged_in(self, now: float) -> None:
        """A forced login was made."""
        self._logins.append(now)

    def refused(self, now: float, lived: float) -> bool:
        """A token that should have been alive was refused `lived` seconds after its login: contested?"""
        if self.forbids(now):  # one from before the pause, that the next lease took over: it tells nothing new
            return True
        allowed_at = self._logins[0] + self._seconds if len(self._logins) == self._logins.maxlen else now
        failed_trial = self._until is not None and lived < self._share
        contested = failed_trial or allowed_at > now
        self._until = max(allowed_at, now + self._pause) if contested else None
        return contested

    def forbids(self, now: float) -> Contested | None:
        """Why nobody may log in, and for how long; None when it is allowed."""
        if self._until is None or self._until <= now:
            return None
        return Contested(CODE, MESSAGE, self._until - now)
