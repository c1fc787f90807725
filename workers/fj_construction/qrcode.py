"""二维码赋码密文: from ciphertext to the plain id (5.1 of the ministry's specification). Pure but for load_key.

The ministry encrypts an id with single DES, and the DES key with the province's RSA-512 key. A wrong RSA
key gives no error by itself: PKCS#1 v1.5 decryption answers random bytes then, on purpose. So every layer
is checked, and what does not fit is an error, never an id.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

BLOCK = 8
"""Bytes of a DES block, and of a DES key."""


class BadKeyError(Exception):
    """The province's private key cannot be used; the message says why and shows nothing of it."""


class UndecryptableError(Exception):
    """The ciphertext does not give an id with this key. `code` names the layer that failed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def load_key(path: Path) -> RSAPrivateKey:
    """The key in a file: PEM, DER, or DER in base64, as the ministry issues it. Raises BadKeyError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadKeyError(f"cannot be read: {error.strerror}") from None
    try:
        key = _parsed(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadKeyError("is no private key in PEM, DER or base64 DER") from None
    if not isinstance(key, RSAPrivateKey):
        raise BadKeyError("is no RSA key")
    return key


def _parsed(content: bytes) -> object:
    if content.lstrip().startswith(b"-----BEGIN"):
        return load_pem_private_key(content, None)
    try:
        return load_der_private_key(content, None)
    except ValueError:
        return load_der_private_key(b64decode(b"".join(content.split()), validate=True), None)


def plain_id(encry_certid: str, encry_key: str, key: RSAPrivateKey, pattern: str) -> str:
    """The id behind encryCertid (hex) and encryKey (base64, blanks and missing padding tolerated).

    Raises UndecryptableError: encry-key-malformed, encry-certid-malformed, wrong-key, id-malformed.
    """
    des_key = _des_key(_encrypted_key(encry_key, key), key)
    plain = _without_padding(_decrypted(_blocks(encry_certid), des_key))
    try:
        text = plain.decode("ascii")
    except UnicodeDecodeError:
        raise _wrong_key() from None
    if not re.fullmatch(pattern, text):
        raise UndecryptableError("id-malformed", "what came out does not look like a 二维码赋码 (id_pattern)")
    return text


def _encrypted_key(text: str, key: RSAPrivateKey) -> bytes:
    packed = "".join(text.split()).rstrip("=")
    try:
        content = b64decode(packed + "=" * (-len(packed) % 4), validate=True)
    except (Base64Error, ValueError):
        raise UndecryptableError("encry-key-malformed", "encryKey is no base64") from None
    if len(content) * 8 != key.key_size:
        raise UndecryptableError(
            "encry-key-malformed",
            f"encryKey has {len(content)} bytes, our key takes {key.key_size // 8}",
        )
    return content


def _des_key(encrypted: bytes, key: RSAPrivateKey) -> bytes:
    try:
        des_key = key.decrypt(encrypted, PKCS1v15())
    except ValueError:
        raise _wrong_key() from None
    if len(des_key) != BLOCK or not all(0x20 < byte < 0x7F for byte in des_key):  # noqa: PLR2004 - printable ASCII
        raise _wrong_key()
    return des_key


def _blocks(text: str) -> bytes:
    packed = "".join(text.split())
    try:
        content = bytes.fromhex(packed)
    except ValueError:
        raise UndecryptableError("encry-certid-malformed", "encryCertid is no hex") from None
    if not content or len(content) % BLOCK:
        raise UndecryptableError("encry-certid-malformed", "encryCertid is not of whole DES blocks")
    return content


def _decrypted(content: bytes, des_key: bytes) -> bytes:
    # three times the same key makes Triple DES the single DES that the ministry chose
    decryptor = Cipher(TripleDES(des_key * 3), modes.ECB()).decryptor()  # noqa: S305
    return decryptor.update(content) + decryptor.finalize()


def _without_padding(content: bytes) -> bytes:
    count = content[-1]
    if not 1 <= count <= BLOCK or content[-count:] != bytes([count]) * count:
        raise _wrong_key()
    return content[:-count]


def _wrong_key() -> UndecryptableError:
    return UndecryptableError("wrong-key", "province_private_key_file is not the key that this was encrypted for")
