"""Keys of publishers: long random texts, of which the settings know only a hash."""

from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe

from gateway.settings import Publisher

_BYTES = 32
_SCHEME = "bearer"


def new_key() -> str:
    """A key of 256 random bits: nothing that can be guessed, so that a plain hash of it is enough."""
    return f"gwp_{token_urlsafe(_BYTES)}"


def hashed(key: str) -> str:
    """What the settings know of a key: SHA-256 in hex."""
    return sha256(key.encode(errors="surrogatepass")).hexdigest()


def owner(authorization: str | None, publishers: Mapping[str, Publisher]) -> str | None:
    """The name of the publisher whose key this header carries.

    All are compared, each in constant time: how long it takes tells nothing.
    """
    scheme, _, key = (authorization or "").partition(" ")
    given = hashed(key.strip()) if scheme.lower() == _SCHEME else ""
    found = None
    for name, publisher in publishers.items():
        for known in (publisher.key_hash, publisher.old_key_hash or ""):
            if compare_digest(given, known) and given:
                found = name
    return found
