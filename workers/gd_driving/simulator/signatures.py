"""Whose request is it: `v`, `ts`, `sign` and `user` of the query, checked with the certificate on file.

The private-key operation is undone by hand: number to the power e, then the type 1 padding taken off.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from workers.gd_driving.simulator.replies import BAD_CERTIFICATE, BAD_TIME, MALFORMED, Refused

WINDOW = 3 * 60
"""Seconds that a timestamp may be off."""

DIGITS = 13
MINIMUM_PADDING = 8

HASHES = {"e1": "sha1", "e2": "sha256", "e3": "sha512"}


class Gatekeeper:
    """Knows the certificates, by serial number in hex, and which timestamps each has used."""

    def __init__(self, certificates: Mapping[str, RSAPublicKey], clock: Callable[[], float]) -> None:
        self._certificates = certificates
        self._clock = clock
        self._used: dict[str, set[int]] = {}
        self.refused_times = 0

    def reset(self) -> None:
        """No request was ever made."""
        self._used.clear()
        self.refused_times = 0

    def check(self, query: Mapping[str, str], signed: bytes) -> str:
        """The `user`. Raises Refused: 200 where the query is incomplete, 202 before 201."""
        if missing := [name for name in ("v", "ts", "sign", "user") if not query.get(name)]:
            raise Refused(MALFORMED, f"缺少 {', '.join(missing)}")
        user, stamp = query["user"], query["ts"]
        key = self._certificates.get(user)
        if key is None:
            raise Refused(BAD_CERTIFICATE, "证书未备案")
        if not stamp.isdecimal() or len(stamp) != DIGITS:
            self.refused_times += 1
            raise Refused(BAD_TIME, "应为 13 位毫秒")
        expected = digest(query["v"], signed, int(stamp))
        if not hmac.compare_digest(recovered(key, query["sign"]), expected):
            raise Refused(BAD_CERTIFICATE, "签名不符")
        self._spend(user, int(stamp))
        return user

    def _spend(self, user: str, stamp: int) -> None:
        used = self._used.setdefault(user, set())
        if stamp in used or abs(self._clock() - stamp / 1000) > WINDOW:
            self.refused_times += 1
            raise Refused(BAD_TIME, "重复" if stamp in used else "与实际时间相差超过 3 分钟")
        used.add(stamp)


def digest(version: str, signed: bytes, stamp: int) -> bytes:
    """e1 SHA-1, e2 SHA-256, e3 SHA-512 over the data and the 8 bytes of the timestamp."""
    name = HASHES.get(version.rsplit(".", maxsplit=1)[-1])
    if name is None:
        raise Refused(MALFORMED, "v")
    return hashlib.new(name, signed + stamp.to_bytes(8, "big")).digest()


def recovered(key: RSAPublicKey, sign: str) -> bytes:
    """What was signed; empty where the signature is none: wrong length, lower case, wrong padding."""
    size = key.key_size // 8
    if len(sign) != 2 * size or any(character not in "0123456789ABCDEF" for character in sign):
        return b""
    numbers = key.public_numbers()
    block = pow(int(sign, 16), numbers.e, numbers.n).to_bytes(size, "big")
    padding, _, content = block[2:].partition(b"\0")
    if not block.startswith(b"\0\1") or len(padding) < MINIMUM_PADDING or padding.strip(b"\xff"):
        return b""
    return content
