"""Who has logged in: a cookie that names the user and its end, sealed with a key that only the ledger has.

So every process on the same ledger knows it, also after a restart. It ends with its time, with a logout, and with
any change of the user's password or role.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from secrets import token_urlsafe
from time import time

from gateway.console.settings import ROLES, Role, User
from gateway.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Session:
    """A user who has logged in. `id` is random, `ends` in Unix seconds."""

    user: str
    role: Role
    id: str
    ends: int

    def may(self, role: Role) -> bool:
        """Whether this user may do what the role is for."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Sessions:
    """Makes and reads sessions. Nothing of a session is kept but that it was ended."""

    def __init__(
        self, users: Mapping[str, User], ledger: Ledger, minutes: int, clock: Callable[[], float] = time
    ) -> None:
        self._users = users
        self._ledger = ledger
        self._seconds = minutes * 60
        self._clock = clock

    def begin(self, name: str) -> tuple[Session, str]:
        """A new session of a user, and its cookie's value."""
        session = Session(name, self._users[name].role, token_urlsafe(24), int(self._clock()) + self._seconds)
        return session, f"{name}.{session.ends}.{session.id}.{self._seal(session)}"

    async def read(self, cookie: str) -> Session | None:
        """The session of a cookie; None where it is none of ours, or has ended. Raises LedgerError."""
        session, seal = self._parsed(cookie)
        if session is None or not compare_digest(seal.encode(), self._seal(session).encode()):
            return None
        if session.ends <= self._clock() or await self._ledger.logouts.noted(self._ledger.hashed(session.id)):
            return None
        return session

    async def end(self, session: Session) -> None:
        """Log out, everywhere. Raises LedgerError."""
        await self._ledger.logouts.note(self._ledger.hashed(session.id))

    def form_token(self, session: Session) -> str:
        """What every form of this session carries, and nobody else can know."""
        return self._ledger.hashed(f"console form {session.id}")

    def login_token(self, nonce: str) -> str:
        """What the login form carries for the browser that holds this nonce."""
        return self._ledger.hashed(f"console login {nonce}")

    def _parsed(self, cookie: str) -> tuple[Session | None, str]:
        name, _, rest = cookie.partition(".")
        ends, _, rest = rest.partition(".")
        identity, _, seal = rest.partition(".")
        if name not in self._users or not (ends.isascii() and ends.isdigit()):
            return None, seal
        return Session(name, self._users[name].role, identity, int(ends)), seal

    def _seal(self, session: Session) -> str:
        user = self._users[session.user]
        parts = (session.user, str(session.ends), session.id, user.role, user.password_hash.get_secret_value())
        return self._ledger.hashed("\0".join(("console session", *parts)))
