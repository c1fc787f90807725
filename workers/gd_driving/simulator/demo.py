"""A certificate for demos, made anew wherever it is needed and always with the same key: it opens nothing but this
simulator."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import shake_256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

SERIAL = 0x1A2B3C4D5E7
PASSWORD = "demo1234"  # noqa: S105 - of a file that opens nothing but this simulator
CALLBACK = "https://gateway.example.com/inbound/gd_driving/default/training-callback"
E_ = 65537
HALF_BITS = 1024
ROUNDS = 16

CONTRACT = b"%PDF-1.4\n% demo contract\n%%EOF\n"


def demo_settings(base_url: str, folder: Path) -> dict[str, object]:
    """`[platforms.gd_driving.default]` for a simulator at `base_url`; its certificate and a file go to `folder`."""
    files = folder / "files"
    files.mkdir(parents=True, exist_ok=True)
    (files / "contract.pdf").write_bytes(CONTRACT)
    certificate = folder / "gd_driving.p12"
    certificate.write_bytes(_pkcs12())
    return {
        "base_url": base_url,
        "certificate_file": str(certificate),
        "certificate_password": PASSWORD,
        "platform_number": "A0001",
        "callback_url": CALLBACK,
        "callback_secret": "demo-callback-secret",
        "app_name": "粤学车演示",
        "files_folder": str(files),
    }


def demo_certificates() -> Mapping[str, RSAPublicKey]:
    """What the simulator has on file unless it is told otherwise."""
    return {f"{SERIAL:X}": _key().public_key()}


def _pkcs12() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "gd_driving demo")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, _key().public_key(), SERIAL)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(_key(), SHA256())
    )
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return serialize_key_and_certificates(b"demo", _key(), certificate, None, encryption)


@cache
def _key() -> RSAPrivateKey:
    """Always the same key, so that a simulator knows it that was started elsewhere. It protects nothing.

    35 makes it the quickest to find of the first sixty: a quarter of a second.
    """
    primes = _primes(b"gd_driving demo 35")
    p, q = next(primes), next(primes)
    d = pow(E_, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(E_, p * q)
    parts = rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q)
    return RSAPrivateNumbers(p, q, d, *parts, public).private_key()


def _primes(seed: bytes) -> Iterator[int]:
    number = int.from_bytes(shake_256(seed).digest(HALF_BITS // 8), "big") | 3 << (HALF_BITS - 2) | 1
    small = [each for each in range(3, 4000, 2) if all(each % below for below in range(3, int(each**0.5) + 1, 2))]
    while True:
        if all(number % each for each in small) and number % E_ != 1 and _is_prime(number):
            yield number
            number += 1 << 900
        number += 2


def _is_prime(number: int) -> bool:
    """Miller and Rabin, with the first bases there are; the numbers are fixed, so nobody can choose them."""
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    return all(_passes(number, base, twos) for base in range(2, 2 + ROUNDS))


def _passes(number: int, base: int, twos: int) -> bool:
    value = pow(base, (number - 1) >> twos, number)
    if value in {1, number - 1}:
        return True
    for _ in range(twos - 1):
        value = value * value % number
        if value == number - 1:
            return True
    return False
