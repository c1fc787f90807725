"""A synthetic province key and QR codes made with it. The key is the same each time and protects nothing.

The ministry's keys have 512 bits, and no library makes one so short any more: the primes are found here.
"""

import base64
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import count
from secrets import choice
from string import ascii_letters, digits

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.padding import PKCS7

EXPONENT = 65537
PRIME_BITS = 256
WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71)


@cache
def synthetic_key(name: str) -> rsa.RSAPrivateKey:
    """The 512-bit key of this name."""
    primes = _primes(name)
    p, q = sorted((next(primes), next(primes)), reverse=True)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key()


def _primes(name: str) -> Iterator[int]:
    for number in count():
        digest = int.from_bytes(sha256(f"{name} {number}".encode()).digest(), "big")
        candidate = digest | (0b11 << (PRIME_BITS - 2)) | 1
        if candidate % EXPONENT != 1 and _is_prime(candidate):
            yield candidate


def _is_prime(number: int) -> bool:
    """Miller-Rabin."""
    twos = ((number - 1) & -(number - 1)).bit_length() - 1
    for witness in WITNESSES:
        power = pow(witness, (number - 1) >> twos, number)
        if power in {1, number - 1}:
            continue
        if all((power := power * power % number) != number - 1 for _ in range(twos - 1)):
            return False
    return True


def qr_code(identity: str, key: rsa.RSAPublicKey) -> tuple[str, str]:
    """encryCertid and encryKey: the id under a fresh DES key, in hex, and that key under the province's, base64."""
    des_key = "".join(choice(ascii_letters + digits) for _ in range(8)).encode()
    padder = PKCS7(64).padder()
    padded = padder.update(identity.encode()) + padder.finalize()
    encryptor = Cipher(TripleDES(des_key + des_key + des_key), modes.ECB()).encryptor()  # noqa: S305 - the ministry's
    hidden = encryptor.update(padded) + encryptor.finalize()
    return hidden.hex().upper(), base64.b64encode(key.encrypt(des_key, PKCS1v15())).decode()
