"""facts/ C1, C2, C7: every vector, and what a certificate file may be."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from workers.gd_driving.signing import CertificateError, Identity, digest, load_identity, sign
from workers.gd_driving.simulator.signatures import digest as their_digest
from workers.gd_driving.simulator.signatures import recovered

HERE = Path(__file__).parent
BODY = b'{"inscode":"1234567890123456","stunum":"9876543210987654"}'
STAMP = 1700000000123
SHA256_OF_BODY = "C4F05A06947C231A0B1183D9599FC28C04732C966F37ACCA2AD1D0433E848B88"
SIGNATURE = (
    "BA92D2BE166E054370D3216D4DBBD2E1F9317707769C6D75DC6E1D1D73638513806144A42752EB8D7277D5CB75A12BCEFC1B9660"
    "F05DFDB60E60803581670D138BDEAA0B8A64FD6B83E81221979AB702B48431A526A123502552E2C582CC4750F60E44398298D3CC"
    "56994F2ABDAC36C24A60E9849885B815CD9B0CD6E11762E2809125967EEEE1A724CA74EF10E9BCE4E73C5CEBFCA63D6E702C051B"
    "BDB0BEFBF3B217E72227B7BBF5A53AFA2DF2E5FA5F2E7929E22514A543428E94E2F1D061B62C6897337D86B9E8CEE8D6299ADD82"
    "1BABD2BFDEBCBD6D88C52BD081BBCD08301B943504EC9679D99AAAAA1F18DBAB410FF7FD6C91B87755189E9A24146F79"
)


@pytest.fixture(scope="module")
def identity() -> Identity:
    return load_identity(HERE / "legacy.p12", "test1234")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0.0.e1", "C58206CA7FEFA62FFD14B2FBFCA54524D4C68B6F"),
        ("1.0.0.e2", SHA256_OF_BODY),
        (
            "1.0.0.e3",
            "C65479BDEDC4363E2990F48ED501958571D73D8F7D489A3E2C74EE586B10B3FF"
            "46EADED579E1DA29E5DC71D965B0C6F74C80521F220C286E4FE10173576C9A33",
        ),
        ("1.0.0", SHA256_OF_BODY),
        ("1.0.0.e9", SHA256_OF_BODY),
    ],
)
def test_the_digest_goes_by_the_version(version: str, expected: str) -> None:
    assert digest(version, BODY, STAMP).hex().upper() == expected


def test_the_timestamp_is_eight_bytes_big_endian() -> None:
    stamp = bytes.fromhex("0000018BCFE5687B")
    assert digest("1.0.0.e2", b"", STAMP) == sha256(stamp).digest()
    assert digest("1.0.0.e2", BODY, 0) == sha256(BODY).digest()


def test_the_digest_of_path_parameters_is_that_of_the_vector() -> None:
    expected = "5D946655AB78EBF7C9356981F204FB25E3B582F946A08F2C3B5906DE12DFA6D3"
    assert digest("1.0.0.e2", b"1234567890123456", STAMP).hex().upper() == expected


def test_the_signature_is_that_of_the_vector(identity: Identity) -> None:
    assert sign(identity, digest("1.0.0.e2", BODY, STAMP)) == SIGNATURE


def test_the_signature_is_the_bare_private_key_operation_on_the_padded_digest(identity: Identity) -> None:
    digested = digest("1.0.0.e2", BODY, STAMP)
    padded = b"\0\1" + b"\xff" * (256 - 3 - 32) + b"\0" + digested
    private = identity.key.private_numbers()
    assert pow(int.from_bytes(padded, "big"), private.d, private.public_numbers.n) == int(SIGNATURE, 16)


def test_the_signature_is_no_sha256_with_rsa(identity: Identity) -> None:
    with pytest.raises(InvalidSignature):
        identity.key.public_key().verify(bytes.fromhex(SIGNATURE), BODY, PKCS1v15(), SHA256())


@pytest.mark.parametrize("file", ["legacy.p12", "rc2.p12"])
def test_old_encryptions_of_a_certificate_file_are_read(file: str) -> None:
    identity = load_identity(HERE / file, "test1234")
    pem = load_pem_private_key((HERE / "synthetic_2048.pem").read_bytes(), None)
    assert isinstance(pem, RSAPrivateKey)
    assert identity.key.private_numbers() == pem.private_numbers()
    assert identity.user == "1A2B3C4D5E6"  # the serial number in hex, upper case, no leading zero


def test_a_certificate_file_that_cannot_be_used_is_refused_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "junk.p12").write_bytes(b"junk")
    for file, password, reason in [
        (HERE / "rc2.p12", "wrong-password", "password is wrong"),
        (tmp_path / "junk.p12", "test1234", "no PKCS#12"),
        (tmp_path / "none.p12", "test1234", "No such file"),
        (HERE / "synthetic_2048.pem", "test1234", "no PKCS#12"),
    ]:
        with pytest.raises(CertificateError, match=reason) as refused:
            load_identity(file, password)
        assert password not in str(refused.value)


def test_an_identity_prints_no_key(identity: Identity) -> None:
    assert "key" not in repr(identity).lower()


@given(st.binary(max_size=300), st.integers(1, 2**53), st.sampled_from(["1.0.0.e1", "1.0.0.e2", "1.0.0.e3"]))
def test_the_platforms_own_reading_of_the_signature_agrees(body: bytes, stamp: int, version: str) -> None:
    identity = load_identity(HERE / "legacy.p12", "test1234") if not _CACHE else _CACHE[0]
    _CACHE[:] = [identity]
    signature = sign(identity, digest(version, body, stamp))
    assert len(signature) == 512
    assert recovered(identity.key.public_key(), signature) == their_digest(version, body, stamp)


_CACHE: list[Identity] = []


def test_the_vectors_body_is_what_it_says() -> None:
    assert json.loads(BODY) == {"inscode": "1234567890123456", "stunum": "9876543210987654"}
