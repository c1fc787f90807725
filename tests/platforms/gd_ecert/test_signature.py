"""Facts A1 to A6: the published vectors, and what is refused."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.gd_ecert.bench import TOKEN
from workers.gd_ecert.signature import BadSignatureError, EmptyUser, IncompleteError, User, sign, sign_user, verify
from workers.gd_ecert.simulator.gateway import digest

AT, NONCE = "1700000000", "123456789abcdefg"
NOW = 1_700_000_000.0
OUTBOUND = "E8E7009F9176611A372516B8AA4C4B07E425E0590C1E0ED1EC3D930909567B16"
INBOUND = "A5A1C953BC2EBEEF504D9B6DCEE46C317FC5B5C7495957D7017FDABC560AAE20"
THREE_EMPTY = "ECD7BFEEC2BE3CC0CF149A6F049F6EDAC32F03A152273E87F8906F0B20FEC477"
NO_NONCE = "0501C042EA74D44F17C0D6C7C840FC13007796BB4E2287DF1CA6102930971CFD"
USER = User(b"u10001", b"eyJuIjoiVEVTVCJ9", b"appid=demo")


def headers(prefix: str = "x-tif-", /, **changes: str | bytes | None) -> Mapping[str, list[bytes]]:
    values: dict[str, str | bytes | None] = {"timestamp": AT, "nonce": NONCE, "signature": OUTBOUND, **changes}
    return {
        f"{prefix}{name}": [value.encode() if isinstance(value, str) else value]
        for name, value in values.items()
        if value is not None
    }


def with_user(signature: str = INBOUND, **changes: str | bytes | None) -> Mapping[str, list[bytes]]:
    user: dict[str, str | bytes | None] = {"uid": "u10001", "uinfo": "eyJuIjoiVEVTVCJ9", "ext": "appid=demo"}
    return headers(signature=signature, **(user | changes))


def verified(
    sent: Mapping[str, list[bytes]], *, prefix: str = "x-tif-", now: float = NOW, empty_user: EmptyUser = "plain"
) -> User:
    return verify(sent, prefix, TOKEN, now=now, empty_user=empty_user)


def test_the_published_vectors_come_out() -> None:
    assert sign(TOKEN, AT, NONCE) == OUTBOUND
    assert sign(TOKEN, AT, "") == NO_NONCE
    assert sign_user(TOKEN, AT, NONCE, USER) == INBOUND
    assert sign_user(TOKEN, AT, NONCE, User()) == THREE_EMPTY


def test_the_simulator_signs_by_itself_and_alike() -> None:
    assert digest(AT, TOKEN, NONCE) == OUTBOUND
    assert digest(AT, TOKEN, NONCE, ("u10001", "eyJuIjoiVEVTVCJ9", "appid=demo")) == INBOUND


def test_a_call_with_a_user_is_vouched_for_with_all_three_fields() -> None:
    assert verified(with_user()) == USER


def test_a_call_without_a_user_is_signed_without_one() -> None:
    assert verified(headers()) == User()
    assert verified(headers(uid="")) == User()


def test_what_is_not_signed_is_nobodys_word() -> None:
    """Without a uid the plain rule leaves uinfo and ext out of the signature: anybody could have set them."""
    assert verified(headers(uinfo="forged", ext="forged")) == User()


def test_three_empty_fields_are_taken_only_where_the_flag_says_so() -> None:
    sent = headers(signature=THREE_EMPTY, uid="", uinfo="", ext="")
    with pytest.raises(BadSignatureError):
        verified(sent)
    assert verified(sent, empty_user="either") == User(b"", b"", b"")
    assert verified(headers(signature=THREE_EMPTY), empty_user="either") == User()
    assert verified(headers(), empty_user="either") == User()


@pytest.mark.parametrize("empty_user", ["plain", "either"])
def test_a_user_added_to_a_call_without_one_breaks_its_signature(empty_user: EmptyUser) -> None:
    with pytest.raises(BadSignatureError):
        verified(headers(uid="u10001"), empty_user=empty_user)
    with pytest.raises(BadSignatureError):
        verified(with_user(uid=None), empty_user=empty_user)


@pytest.mark.parametrize("spelled", [INBOUND.lower(), INBOUND, INBOUND[:30].lower() + INBOUND[30:]])
def test_the_case_of_the_signature_does_not_matter(spelled: str) -> None:
    assert verified(with_user(spelled)) == USER


@pytest.mark.parametrize("seconds", [-180, -179.5, 0, 180])
def test_a_clock_within_180_seconds_is_fine(seconds: float) -> None:
    assert verified(headers(), now=NOW + seconds) == User()


@pytest.mark.parametrize("seconds", [-181, -180.5, 180.5, 181, 86400, 1e10])
def test_a_clock_further_off_is_refused(seconds: float) -> None:
    with pytest.raises(BadSignatureError):
        verified(headers(), now=NOW + seconds)


@pytest.mark.parametrize("timestamp", ["-1", "1.7e9", " 1700000000", "1700000000000", "9" * 5000, "１７０００", "x"])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(timestamp: str) -> None:
    with pytest.raises(BadSignatureError):
        verified(headers(timestamp=timestamp))


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature"])
@pytest.mark.parametrize("value", ["", None])
def test_a_header_that_is_missing_or_empty_is_told_apart(name: str, value: str | None) -> None:
    with pytest.raises(IncompleteError):
        verified(headers(**{name: value}))


@pytest.mark.parametrize("name", ["timestamp", "nonce", "signature", "uid", "uinfo", "ext"])
def test_a_header_that_is_there_twice_is_refused(name: str) -> None:
    sent = dict(with_user())
    sent[f"x-tif-{name}"] = sent[f"x-tif-{name}"] * 2
    with pytest.raises(IncompleteError):
        verified(sent)


@pytest.mark.parametrize(
    "sent",
    [
        *(with_user(uid="u10002"), with_user(uinfo="x"), with_user(ext=None), with_user(nonce="other")),
        *(with_user("0" * 64), with_user("x"), with_user(INBOUND[:-1]), with_user("签名"), with_user(OUTBOUND)),
        with_user(timestamp="1700000001"),
    ],
)
def test_a_signature_of_something_else_is_refused(sent: Mapping[str, list[bytes]]) -> None:
    with pytest.raises(BadSignatureError):
        verified(sent)


def test_the_prefix_is_a_setting() -> None:
    assert verified(headers("x-rio-"), prefix="x-rio-") == User()
    assert verified(headers("x-rio-"), prefix="X-Rio-") == User()
    with pytest.raises(IncompleteError):
        verified(headers("x-rio-"))


@given(st.binary(min_size=1), st.none() | st.binary(), st.none() | st.binary())
def test_the_bytes_of_a_user_are_signed_as_they_came(uid: bytes, uinfo: bytes | None, ext: bytes | None) -> None:
    user = User(uid, uinfo, ext)
    sent = headers(signature=sign_user(TOKEN, AT, NONCE, user), uid=uid, uinfo=uinfo, ext=ext)
    assert verified(sent) == user
    with pytest.raises(BadSignatureError):
        verify(sent, "x-tif-", TOKEN + "x", now=NOW)


@given(st.dictionaries(st.sampled_from(["timestamp", "nonce", "signature", "uid"]), st.binary()), st.floats(0, 1e11))
def test_whatever_comes_is_refused_and_never_a_crash(values: dict[str, bytes], now: float) -> None:
    sent = {f"x-tif-{name}": [value] for name, value in values.items()}
    with pytest.raises((IncompleteError, BadSignatureError)):
        verify(sent, "x-tif-", TOKEN, now=now, empty_user="either")
