"""Who we are and how a request is signed: key and serial number out of a PKCS#12 file, digest, RSA."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from struct import pack

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

HASHES: Mapping[str, str] = {"e1": "sha1", "e2": "sha256", "e3": "sha512"}
"""By the suffix of the protocol version; sha256 for any other."""


class CertificateError(ValueError):
    """The certificate cannot be used; the message says why and carries neither password nor content."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`user`: the certificate's serial number, upper-case hex without leading zeros. `ends`: with the certificate."""

    user: str
    key: RSAPrivateKey = field(repr=False)
    ends: datetime


def load_identity(file: Path, password: str) -> Identity:
    """The first key of a PKCS#12 file and its certificate; old encryptions too. Raises CertificateError."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CertificateError(f"cannot be read: {error.strerror}") from error
    return _identity(content, password)


@lru_cache(maxsize=16)  # checking the key's primes takes a third of a second; settings and client both read it
def _identity(content: bytes, password: str) -> Identity:
    try:
        key, certificate, _ = load_key_and_certificates(content, password.encode())
    except ValueError:
        raise CertificateError("is no PKCS#12 file, or the password is wrong") from None
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise CertificateError("holds no RSA key with its certificate")
    return Identity(f"{certificate.serial_number:X}", key, certificate.not_valid_after_utc)


def digest(version: str, message: bytes, milliseconds: int) -> bytes:
    """H(message ‖ timestamp as 8 bytes, big-endian), H by the version; without a timestamp, of the message alone."""
    stamp = pack(">q", milliseconds) if milliseconds else b""
    return hashlib.new(HASHES.get(version.rpartition(".")[2], "sha256"), message + stamp).digest()


def sign(identity: Identity, digested: bytes) -> str:
    """Upper-case hex of the RSA private-key operation on the digest, padded by PKCS#1 v1.5 type 1.

    No DigestInfo goes around it: this is no SHA256withRSA.
    """
    return identity.key.sign(digested, PKCS1v15(), NoDigestInfo()).hex().upper()
