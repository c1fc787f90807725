"""The signatures of the provincial gateway (TIF, elsewhere Rio), out of the paasToken both sides know. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Literal

SKEW_SECONDS = 180
"""How far timestamp and receiver's clock may be apart."""

EmptyUser = Literal["plain", "either"]
"""How a call without a user is signed: without the user's part, or perhaps with its three empty fields."""


class IncompleteError(Exception):
    """A header of the signature is missing, empty or there twice."""


class BadSignatureError(Exception):
    """The signature does not belong to these headers and our paasToken, or it is too old."""


@dataclass(frozen=True, slots=True)
class User:
    """Who calls, as far as the signature vouches for it; opaque bytes as they were received."""

    uid: bytes | None = None
    uinfo: bytes | None = None
    ext: bytes | None = None


def sign(token: str, timestamp: str, nonce: str) -> str:
    """HEX(SHA-256(timestamp ‖ paasToken ‖ nonce ‖ timestamp)), upper case: some backends compare exactly."""
    return _digest(timestamp.encode(), token.encode(), nonce.encode())


def sign_user(token: str, timestamp: str, nonce: str, user: User) -> str:
    """The same with `,uid,uinfo,ext` between nonce and the second timestamp."""
    return _digest(timestamp.encode(), token.encode(), nonce.encode() + _tail(user))


def verify(
    headers: Mapping[str, list[bytes]], prefix: str, token: str, *, now: float, empty_user: EmptyUser = "plain"
) -> User:
    """The user whom the signature vouches for. `headers`: raw values by lower-case name; `now`: epoch seconds.

    Order: headers present, timestamp within ±180 s, comparison in constant time and of any case.
    Raises IncompleteError, BadSignatureError.
    """
    timestamp, nonce, given = (_single(headers, f"{prefix}{name}") for name in ("timestamp", "nonce", "signature"))
    if not _within(timestamp, now):
        raise BadSignatureError
    sent = User(*(_optional(headers, f"{prefix}{name}") for name in ("uid", "uinfo", "ext")))
    for user, tail in _readings(sent, empty_user):
        if compare_digest(given.upper(), _digest(timestamp, token.encode(), nonce + tail).encode()):
            return user
    raise BadSignatureError


def _readings(sent: User, empty_user: EmptyUser) -> list[tuple[User, bytes]]:
    """What may have been signed: the user vouched for, and what follows the nonce."""
    if sent.uid:
        return [(sent, _tail(sent))]
    nobody = [(User(), b"")]  # uinfo and ext without a uid are not signed, so they are nobody's word
    return nobody if empty_user == "plain" else [*nobody, (sent, _tail(sent))]


def _tail(user: User) -> bytes:
    return b"," + b",".join((user.uid or b"", user.uinfo or b"", user.ext or b""))


def _digest(timestamp: bytes, token: bytes, rest: bytes) -> str:
    return sha256(timestamp + token + rest + timestamp).hexdigest().upper()


def _within(timestamp: bytes, now: float) -> bool:
    return timestamp.isdigit() and len(timestamp) <= 12 and abs(now - int(timestamp)) <= SKEW_SECONDS  # noqa: PLR2004


def _single(headers: Mapping[str, list[bytes]], name: str) -> bytes:
    value = _optional(headers, name)
    if not value:
        raise IncompleteError
    return value


def _optional(headers: Mapping[str, list[bytes]], name: str) -> bytes | None:
    values = headers.get(name.lower(), [])
    if len(values) > 1:
        raise IncompleteError
    return values[0] if values else None
