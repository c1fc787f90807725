"""From the ciphertexts of a 二维码赋码 to the plain id: the vector of facts D8, and everything that must not pass."""

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from workers.fj_construction.qrcode import BadKeyError, UndecryptableError, load_key, plain_id
from workers.fj_construction.simulator.keys import qr_code, synthetic_key

KEY_FILE = Path(__file__).parent / "s512.der"
KEY = load_key(KEY_FILE)
OTHER = synthetic_key("another province")
PATTERN = r"^\d{19}$"

ID = "3500002023000000001"
CERTID = "9DB2F190D181C759EC8693759997D764B7CFA093A8B274A6"
KEY_TEXT = "mdvlUsza4vUoOdpzyMT8v4daSP1dv0crFBgwovgiIL95PGCW3Nq1wvhqjezuIYHAtWQ26L0W3wLboQLQgZrUMA=="

PRINTED = [  # 返回示例: one key has lost its padding and trails a blank, the other is broken into lines
    (
        "8B9704DDABA730072E5546FD5B8F61E4890FE52BAB2E71B8",
        "XX8U+FFI3yRWEZ0UQ1qJxS+gsdth779BypvXY5MKfNRELdegoHfCoymJUNG4Q/rTco69eBZ1TYEK+rCNrCbVAg ",
    ),
    (
        "EDBE76D9217A23212E5546FD5B8F61E4671575AD27A50AF6",
        "Th2MCBlpx2sGE69qphb0dtb3yZo4jIJ4F9nWR4kMR5vXvmQD\n\nTPm0LT+GO9V+AFXkD1ZH7vm1oHsD3H7e2bF/VA==",
    ),
]


def test_the_vector_gives_its_id() -> None:
    assert plain_id(CERTID, KEY_TEXT, KEY, PATTERN) == ID
    assert plain_id(CERTID.lower(), KEY_TEXT, KEY, PATTERN) == ID


@pytest.mark.parametrize(
    "text", [KEY_TEXT.rstrip("="), f"{KEY_TEXT} ", "\n".join((KEY_TEXT[:40], KEY_TEXT[40:])), f"\t{KEY_TEXT}\r\n"]
)
def test_the_key_may_come_with_blanks_and_without_padding(text: str) -> None:
    assert plain_id(f" {CERTID}\n", text, KEY, PATTERN) == ID


@pytest.mark.parametrize(("certid", "key"), PRINTED)
def test_the_printed_samples_are_read_and_are_not_for_our_key(certid: str, key: str) -> None:
    with pytest.raises(UndecryptableError) as refusal:
        plain_id(certid, key, KEY, PATTERN)
    assert refusal.value.code == "wrong-key"


@pytest.mark.parametrize("number", range(50))
def test_a_wrong_key_is_an_error_and_never_a_random_id(number: int) -> None:
    certid, key = qr_code(f"{number:019d}", OTHER.public_key())
    with pytest.raises(UndecryptableError) as refusal:
        plain_id(certid, key, KEY, PATTERN)
    assert refusal.value.code == "wrong-key"


@pytest.mark.parametrize(
    ("certid", "key", "code"),
    [
        (CERTID, "!!!", "encry-key-malformed"),
        (CERTID, "", "encry-key-malformed"),
        (CERTID, base64.b64encode(b"x" * 63).decode(), "encry-key-malformed"),
        (CERTID, base64.b64encode(b"x" * 128).decode(), "encry-key-malformed"),
        (CERTID, base64.b64encode(b"\xff" * 64).decode(), "wrong-key"),
        ("", KEY_TEXT, "encry-certid-malformed"),
        ("XYZ", KEY_TEXT, "encry-certid-malformed"),
        (CERTID[:-2], KEY_TEXT, "encry-certid-malformed"),
        (CERTID[:-16], KEY_TEXT, "wrong-key"),  # the block with the padding is gone
        ("0" * 48, KEY_TEXT, "wrong-key"),
    ],
)
def test_what_is_cut_or_tampered_with_is_an_error_that_says_which_part(certid: str, key: str, code: str) -> None:
    with pytest.raises(UndecryptableError) as refusal:
        plain_id(certid, key, KEY, PATTERN)
    assert refusal.value.code == code
    assert not [value for value in (certid, key) if value and value in str(refusal.value)]


@pytest.mark.parametrize(
    "padding", [b"\0\0\0\0\x05", b"\4\5\5\5\5", b"\5\5\5\5\0", b"\5\5\5\5\x09", b"\x01\x01\x01\x01\x02"]
)
def test_a_padding_that_is_none_is_not_cut_off(padding: bytes) -> None:
    encryptor = Cipher(TripleDES(b"TestKey8" * 3), modes.ECB()).encryptor()
    tampered = (encryptor.update(ID.encode() + padding) + encryptor.finalize()).hex()
    with pytest.raises(UndecryptableError) as refusal:
        plain_id(tampered, KEY_TEXT, KEY, r"\d+")
    assert refusal.value.code == "wrong-key"


@pytest.mark.parametrize("identity", ["350000202300000001", "35000020230000000011", "A" * 19, "", "３" * 5])
def test_what_comes_out_must_look_like_an_id(identity: str) -> None:
    certid, key = qr_code(identity, KEY.public_key())
    with pytest.raises(UndecryptableError) as refusal:
        plain_id(certid, key, KEY, PATTERN)
    assert refusal.value.code in {"id-malformed", "wrong-key"}


def test_what_an_id_looks_like_is_a_setting() -> None:
    certid, key = qr_code("FJ-1", KEY.public_key())
    assert plain_id(certid, key, KEY, r"FJ-\d") == "FJ-1"


@given(st.text(), st.text())
def test_no_text_makes_decryption_fall_over(certid: str, key: str) -> None:
    with pytest.raises(UndecryptableError):
        plain_id(certid, key, KEY, PATTERN)


@given(
    st.binary(min_size=64, max_size=64),
    st.integers(1, 4).flatmap(lambda n: st.binary(min_size=8 * n, max_size=8 * n)),
)
def test_no_bytes_give_an_id_by_chance(key: bytes, certid: bytes) -> None:
    with pytest.raises(UndecryptableError):
        plain_id(certid.hex(), base64.b64encode(key).decode(), KEY, PATTERN)


# --- the key's file


def test_the_key_is_read_as_pem_der_and_base64(tmp_path: Path) -> None:
    der = KEY_FILE.read_bytes()
    text = base64.b64encode(der).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
    for content in (der, text.encode(), f"{text[:64]}\n{text[64:]}\n".encode(), pem.encode()):
        path = tmp_path / "key"
        path.write_bytes(content)
        assert load_key(path).private_numbers() == KEY.private_numbers()


def test_a_file_that_holds_no_rsa_key_is_refused_without_showing_it(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(BadKeyError, match="cannot be read"):
        load_key(path)
    for content in (b"", b"secret words", b"-----BEGIN PRIVATE KEY-----\nabc\n", KEY_FILE.read_bytes()[:-5]):
        path.write_bytes(content)
        with pytest.raises(BadKeyError, match="is no private key"):
            load_key(path)
    elliptic = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(BadKeyError, match="no RSA"):
        load_key(path)
