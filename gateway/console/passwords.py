"""Passwords: hashed with argon2id, and verified in the same time whether the user exists or not."""

import asyncio
from collections.abc import Mapping
from secrets import token_urlsafe

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gateway.console.settings import User
from gateway.errors import RefusedError

SHORTEST = 12
LONGEST = 1024
"""Characters. What is longer is not hashed: it would only cost time."""

AT_ONCE = 2
"""Hashing takes 64 MiB and a core: whoever tries many passwords at once waits."""

_HASHER = PasswordHasher()


def hashed(password: str) -> str:
    """The hash for the settings. Raises RefusedError for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RefusedError(f"the password has {len(password)} characters: take {SHORTEST} to {LONGEST}")
    return _HASHER.hash(password)


class Passwords:
    """The users' passwords."""

    def __init__(self, users: Mapping[str, User]) -> None:
        self._users = users
        self._room = asyncio.Semaphore(AT_ONCE)
        self._nobodys = _HASHER.hash(token_urlsafe(32))

    async def right(self, name: str, password: str) -> bool:
        """Whether this is the user's password; False also for a user who does not exist, after as long."""
        user = self._users.get(name)
        kept = user.password_hash.get_secret_value() if user else self._nobodys
        async with self._room:
            right = await asyncio.to_thread(_verified, kept, password[:LONGEST])
        return right and user is not None


def _verified(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
