"""Every way in which POST /events refuses, each with its status and words."""

import gzip
from typing import Any

import pytest

from gateway.http_events.keys import hashed
from gateway.settings import Publisher
from tests.support.events import credit
from tests.support.outside import mobile_login
from tests.support.posting import BATCH, KEY, counted, posting, refusal
from tests.support.scene import Scene


@pytest.mark.parametrize("key", [None, "", "wrong", "gwp_ключ", KEY[:-1]])
async def test_a_request_without_a_publishers_key_is_refused_before_its_body_is_read(
    stage: Scene, key: str | None
) -> None:
    before = counted("unknown", 401)
    async with posting(stage.settings()) as web:
        reply = await web.under(key).post(b"no JSON")
        assert "Authorization: Bearer" in refusal(reply, 401, "no-key")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert counted("unknown", 401) == before + 1


async def test_the_key_before_still_opens_while_a_service_changes_to_a_new_one(stage: Scene) -> None:
    changing = Publisher(key_hash=hashed("new"), old_key_hash=hashed("old"), types=("*",))
    async with posting(stage.settings(), {"school": changing}) as web:
        statuses = [(await web.under(key).post(mobile_login("t-1"))).status for key in ("new", "old", "older")]
    assert statuses == [202, 202, 401]


async def test_without_a_publisher_in_the_settings_the_endpoint_is_closed_and_says_so(stage: Scene) -> None:
    async with posting(stage.settings(), {}) as web:
        assert "http.publishers" in refusal(await web.post(mobile_login("t-1")), 404, "closed")


async def test_a_publisher_is_held_to_its_types_and_accounts(stage: Scene) -> None:
    async with posting(stage.settings()) as web:
        narrow = web.under("narrow")
        other_type = await narrow.post(mobile_login("t-1", account="other"))
        assert "gd_accounting.mobile-login-sync" in refusal(other_type, 403, "not-allowed")
        assert "'default'" in refusal(await narrow.post(credit("t-1")), 403, "not-allowed")
        not_there = await narrow.post(credit("t-1", account="other-1"))
        assert "'other-1'" in refusal(not_there, 422, "unknown-type-or-account")


async def test_data_that_is_not_valid_is_refused_in_the_words_of_the_dead_letter(stage: Scene) -> None:
    event = mobile_login("t-1", loginTime="x")
    event["data"] |= {"year": "MMXXVI", "ticket": "", "idNum": "440681198512063416"}
    async with posting(stage.settings()) as web, stage.running():
        detail = refusal(await web.post(event), 422, "invalid-data")
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    assert detail == result["message"]
    assert "ticket 学员凭证码" in detail
    assert "440681198512063416" not in detail


UNKNOWN: list[tuple[dict[str, Any], int, str]] = [
    ({"type": "gd_accounting.no-such-thing"}, 422, "unknown-type-or-account"),
    ({"account": "elsewhere"}, 422, "unknown-type-or-account"),
    ({"specversion": "0.3"}, 400, "no-cloudevent"),
    ({"id": ""}, 400, "no-cloudevent"),
    ({"source": 5}, 400, "no-cloudevent"),
    ({"type": "gd_accounting"}, 400, "no-cloudevent"),
    ({"data": "text"}, 400, "no-cloudevent"),
    ({"datacontenttype": "text/xml"}, 400, "no-cloudevent"),
    ({"id": "x" * 256}, 400, "no-cloudevent"),
]


@pytest.mark.parametrize(("changes", "status", "kind"), UNKNOWN, ids=[str(list(each[0])) for each in UNKNOWN])
async def test_an_envelope_that_is_wrong_is_refused_with_the_attributes_name(
    stage: Scene, changes: dict[str, Any], status: int, kind: str
) -> None:
    async with posting(stage.settings()) as web:
        detail = refusal(await web.post({**mobile_login("t-1"), **changes}), status, kind)
    assert next(iter(changes)) in detail


BODIES: list[tuple[bytes, str, dict[str, str], int, str]] = [
    (b"{", "application/cloudevents+json", {}, 400, "no-cloudevent"),
    (b"[]", "application/cloudevents+json", {}, 400, "no-cloudevent"),
    (b"\xff", "application/cloudevents+json", {}, 400, "no-cloudevent"),
    (b"[]", BATCH, {}, 400, "no-cloudevent"),
    (b"{}", BATCH, {}, 400, "no-cloudevent"),
    (b"[" + b"{}," * 1000 + b"{}]", BATCH, {}, 413, "too-large"),
    (b"[" + b"[" * 500 + b"]" * 500 + b"]", BATCH, {}, 400, "no-cloudevent"),
    (b"{}", "application/json", {}, 415, "media-type"),
    (b"{}", "text/xml", {"ce_id": "1"}, 415, "media-type"),
    (b"{}", "application/cloudevents+json; charset=gbk", {}, 415, "media-type"),
    (b"{}", "application/cloudevents+xml", {}, 415, "media-type"),
    (b"{}", "application/json", {"ce_id": "1"}, 400, "no-cloudevent"),
    (b"{}", "application/json", {"ce_id": "%FF"}, 400, "no-cloudevent"),
    (b"{}", "application/json", {"ce_data": "{}"}, 400, "no-cloudevent"),
    (b"no gzip", "application/cloudevents+json", {"Content_Encoding": "gzip"}, 400, "no-cloudevent"),
]


@pytest.mark.parametrize(("body", "media", "headers", "status", "kind"), BODIES)
async def test_a_body_that_is_no_event_is_refused(
    stage: Scene, body: bytes, media: str, headers: dict[str, str], status: int, kind: str
) -> None:
    async with posting(stage.settings()) as web:
        refusal(await web.post(body, media, **headers), status, kind)


async def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(stage: Scene) -> None:
    large = b" " * (16 * 1024 * 1024 + 1)

    async def chunks() -> Any:
        for at in range(0, len(large), 1 << 20):
            yield large[at : at + (1 << 20)]

    async with posting(stage.settings()) as web:
        refusal(await web.post(large), 413, "too-large")
        refusal(await web.post(gzip.compress(large), Content_Encoding="gzip"), 413, "too-large")
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cloudevents+json"}
        async with web.http.post(f"{web.address}/events", data=chunks(), headers=headers) as response:
            assert response.status == 413
        assert (await web.post(mobile_login("t-1"))).status == 202


async def test_an_event_of_a_platform_without_account_here_is_refused_not_left_unrouted(stage: Scene) -> None:
    async with posting(stage.settings(), {"all": everything()}) as web:
        event = {**mobile_login("t-1"), "type": "gd_ecert.licence-get", "data": {"auth_code": "x"}}
        refusal(await web.under("all").post(event), 422, "unknown-type-or-account")
        assert (await web.under("all").post(mobile_login("t-1"))).status == 202
    assert await stage.service.messages("gateway.unrouted") == []


def everything() -> Publisher:
    return Publisher(key_hash=hashed("all"), types=("*",))


async def test_other_methods_and_paths_are_none_of_its_business(stage: Scene) -> None:
    async with posting(stage.settings()) as web, web.http.get(f"{web.address}/events") as response:
        assert response.status == 405
