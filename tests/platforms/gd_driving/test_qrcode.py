"""附件一 and 附件三: what a terminal shows and where an app goes."""

import struct
from base64 import b64decode
from datetime import datetime, timedelta
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outcome import Accepted, Category, Rejected
from tests.platforms.gd_driving.support import CALLBACK_SECRET, CALLBACK_URL, school
from workers.gd_driving import qrcode
from workers.gd_driving.qrcode import Callbacks, NotOursError, OutdatedError, TooLongError

OURS = Callbacks("gd_driving.default", CALLBACK_SECRET)
SET_UP = {"callback_url": CALLBACK_URL, "callback_secret": CALLBACK_SECRET}
NOW = 1_700_000_000


async def ask(data: dict[str, Any], **changes: Any) -> Any:
    async with school(**changes) as ours:
        ending = await ours.do("training-qrcode", data)
        assert await ours.calls() == []
        return ending


async def test_the_answer_has_text_picture_and_the_time_when_it_ends() -> None:
    ending = await ask({"callback": "abd=cba"}, **SET_UP)
    assert isinstance(ending, Accepted)
    response = ending.response
    assert response is not None
    assert set(response) == {"text", "imageBase64", "expires_at"}
    page, _, query = response["text"].partition("?")
    assert page == "https://jpfw.gdcd.gov.cn/m/c"
    assert [item.partition("=")[0] for item in query.split("&")] == ["redirect_uri", "timestamp", "callback"]
    items = parse_qs(query)
    assert items["redirect_uri"] == [CALLBACK_URL]
    assert "redirect_uri=https%3A%2F%2Fgateway.example.com%2Finbound" in query
    stamp = int(items["timestamp"][0])
    assert abs(stamp - time()) < 5
    assert OURS.read(items["callback"][0], time(), 300) == "abd=cba"
    expires = datetime.fromisoformat(response["expires_at"])
    assert expires.timestamp() == stamp + 300
    assert expires.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("pixels", [150, 300, 1000])
async def test_the_picture_is_a_png_of_at_least_the_pixels_asked_for(pixels: int) -> None:
    response = (await ask({}, **SET_UP, qrcode_pixels=pixels)).response
    png = b64decode(response["imageBase64"])
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width == height
    assert pixels <= width < pixels + 120


async def test_a_remote_platform_gets_the_path_of_the_mini_program() -> None:
    response = (await ask({}, app_name="粤驾 A&B")).response
    assert set(response) == {"mini_program_path"}
    split = urlsplit(response["mini_program_path"])
    assert split.path == "pages/soild/soild-sign-in"
    assert parse_qs(split.query) == {"from": ["app"], "appName": ["粤驾 A&B"], "responseType": ["code"]}
    assert qrcode.mini_program_path("app") == "pages/soild/soild-sign-in?from=app&appName=app&responseType=code"
    both = (await ask({}, app_name="app", **SET_UP)).response
    assert set(both) == {"text", "imageBase64", "expires_at", "mini_program_path"}


async def test_an_account_that_is_set_up_for_neither_is_told_so() -> None:
    assert await ask({}) == Rejected("not-configured", "the account has neither callback_url nor app_name")


async def test_a_callback_that_makes_the_content_too_long_is_refused_with_its_size() -> None:
    ending = await ask({"callback": "汉" * 64}, **SET_UP)
    assert isinstance(ending, Rejected)
    assert (ending.code, ending.category) == ("qrcode-too-long", Category.INVALID)
    assert "of 255" in ending.message


def test_the_content_has_at_most_255_bytes() -> None:
    room = 255 - len(qrcode.content(CALLBACK_URL, "", NOW))
    assert len(qrcode.content(CALLBACK_URL, "x" * room, NOW).encode()) == 255
    with pytest.raises(TooLongError) as refused:
        qrcode.content(CALLBACK_URL, "x" * (room + 1), NOW)
    assert refused.value.size == 256


@given(st.text(max_size=64))
def test_every_callback_comes_back_as_it_was_given_also_url_encoded(callback: str) -> None:
    signed = OURS.sign(callback or None, NOW)
    assert OURS.read(signed, NOW + 10, 300) == (callback or None)
    assert signed.isprintable() == (callback or "").isprintable()


def test_a_url_encoded_value_is_known_as_well() -> None:
    signed = OURS.sign("a b=c&d", NOW)
    assert OURS.read(signed.replace(" ", "%20").replace("=", "%3D").replace("&", "%26"), NOW, 300) == "a b=c&d"


def test_two_codes_for_the_same_callback_differ() -> None:
    assert OURS.sign("a", NOW) != OURS.sign("a", NOW)


def test_a_value_that_we_did_not_sign_is_not_ours() -> None:
    signed = OURS.sign("a", NOW)
    others = [Callbacks("gd_driving.other", CALLBACK_SECRET), Callbacks("gd_driving.default", "another-secret-xx")]
    forged = [
        "",
        "abd=cba",
        "a.b.c.d",
        f"b{signed[1:]}",
        signed[:-1],
        f"{signed}x",
        signed.upper(),
        *(o.sign("a", NOW) for o in others),
    ]
    for value in forged:
        with pytest.raises(NotOursError):
            OURS.read(value, NOW, 300)


def test_a_value_is_outdated_after_its_time_and_before_it() -> None:
    signed = OURS.sign("a", NOW)
    assert OURS.read(signed, NOW + 299, 300) == "a"
    for now in (NOW + 301, NOW - 60):
        with pytest.raises(OutdatedError):
            OURS.read(signed, now, 300)


@given(st.text())
def test_any_value_can_be_refused(value: str) -> None:
    with pytest.raises(NotOursError):
        OURS.read(value, NOW, 300)
