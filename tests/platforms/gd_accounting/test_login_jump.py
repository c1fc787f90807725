"""模拟登录接口, section 2: a learner comes from the platform with a code and goes on to the school."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import unused_port
from structlog.testing import capture_logs
from yarl import URL

from tests.platforms.gd_accounting.support import (
    PATHS,
    SECRET,
    TICKET,
    Answer,
    Browse,
    School,
    Simulator,
    account,
    said,
    scripted,
    served,
    simulated,
)
from tests.support.outside import until
from workers.gd_accounting.simulator.learners import Learner, encoded, signature

LANDING = "https://school.example/welcome"
GET_DATA = PATHS["login-resolve"]
PERSON: dict[str, Any] = {
    "ticket": TICKET,
    "idNum": "440681198512063416",
    "realName": "张三",
    "pqLevel": "2",
    "year": 2024,
    "areaCode": "440106",
}
SAMPLE_CODE = (  # the document's own
    "32d76aab4d8c4979b69a82202096b6d7-e00ca4b6d7f7f673b457ed4f9fa5c7ed00e36931806d106c8c109914ab0f4781d049cb7f"
    "40a16e09126840ef2beb5993-1661928743772"
)


class Jump:
    """A school in front of the simulated platform, and learners who come from there."""

    def __init__(self, platform: Simulator, school: School, visit: Browse) -> None:
        self.platform, self.school, self.visit = platform, school, visit

    async def code(self, **changes: Any) -> str:
        code: str = (await self.platform.control("authorize", **{**PERSON, **changes}))["authorizationCode"]
        return code

    async def arrive(self, **changes: Any) -> Answer:
        return await self.visit(await self.code(**changes))


@pytest.fixture
async def jump() -> AsyncIterator[Jump]:
    async with simulated() as platform:
        school = School(account(platform.url, landing_url=LANDING))
        async with served(school) as visit:
            yield Jump(platform, school, visit)


# --- a learner who is who the platform says


async def test_a_learner_goes_on_to_the_school_with_the_id_of_an_arrival_that_was_published(jump: Jump) -> None:
    answer = await jump.arrive()
    (event,) = jump.school.published
    arrival = event["data"].pop("arrival")
    assert event == {"account": "default", "event": "learner-arrived", "subject": None, "data": PERSON}
    assert (answer.status, answer.location) == (302, f"{LANDING}?arrival={arrival}")
    assert len(arrival) >= 32


async def test_nobody_is_sent_on_before_the_event_is_kept(jump: Jump) -> None:
    jump.school.written.clear()
    visiting = asyncio.create_task(jump.arrive())
    await asyncio.sleep(0.2)
    assert not visiting.done()
    assert (await jump.platform.counts())[GET_DATA] == 1
    jump.school.written.set()
    assert (await visiting).status == 302


@pytest.mark.parametrize(
    ("changes", "published"),
    [
        ({"realName": "阿卜杜热合曼·阿卜杜热西提"}, {"realName": "阿卜杜热合曼·阿卜杜热西提"}),
        ({"realName": "一" * 32}, {"realName": "一" * 32}),
        ({"pqLevel": None}, {"pqLevel": None}),
        ({"areaCode": "449999"}, {"areaCode": "449999"}),
        ({"areaCode": "", "omit": ["areaCode"]}, {"areaCode": None}),
    ],
    ids=str,
)
async def test_the_platforms_own_latitude_keeps_nobody_out(
    jump: Jump, changes: dict[str, Any], published: dict[str, Any]
) -> None:
    assert (await jump.arrive(**changes)).status == 302
    (event,) = jump.school.published
    assert {name: event["data"][name] for name in PERSON} == PERSON | published


@pytest.mark.parametrize(
    ("name", "value"), [("pqLevel", "9"), ("year", "24"), ("idNum", "4" * 19), ("areaCode", "4401060")]
)
async def test_signed_data_that_is_not_as_the_document_says_is_a_502_that_names_the_field(
    jump: Jump, name: str, value: str
) -> None:
    with capture_logs() as events:
        assert (await jump.arrive(**{name: value})).status == 502
    assert jump.school.published == []
    assert [(event["event"], event.get("fields")) for event in events] == [("learner.unreadable", [(name,)])]


@pytest.mark.parametrize(
    ("landing", "query"),
    [
        ("https://school.example/?from=gd&lang=zh", [("from", "gd"), ("lang", "zh")]),
        ("https://school.example/?a=1&a=2", [("a", "1"), ("a", "2")]),
        ("https://school.example/?next=%2Fcourses%3Fid%3D1%26x%3D2", [("next", "/courses?id=1&x=2")]),
        ("https://school.example/?q=a%20b%2Bc&name=%E5%AD%A6%E6%A0%A1", [("q", "a b+c"), ("name", "学校")]),
        ("https://school.example/app#/home", []),
    ],
)
async def test_a_landing_url_keeps_what_it_has(landing: str, query: list[tuple[str, str]]) -> None:
    async with simulated() as platform:
        school = School(account(platform.url, landing_url=landing))
        async with served(school) as visit:
            answer = await Jump(platform, school, visit).arrive()
    url, arrival = URL(answer.location), school.published[0]["data"]["arrival"]
    assert [*url.query.items()] == [*query, ("arrival", arrival)]
    assert url.with_query(None) == URL(landing).with_query(None)


# --- codes


async def test_a_code_opens_the_door_once(jump: Jump) -> None:
    code = await jump.code()
    answers = [await jump.visit(code) for _ in range(3)]
    assert [answer.status for answer in answers] == [302, 403, 403]
    assert answers[1].text == "this authorizationCode 授权码 was used before; start again from the platform\n"
    assert len(jump.school.published) == 1
    assert (await jump.platform.counts())[GET_DATA] == 1


async def test_of_ten_visits_at_once_with_one_code_one_is_let_in(jump: Jump) -> None:
    code = await jump.code()
    answers = await asyncio.gather(*(jump.visit(code) for _ in range(10)))
    assert sorted(answer.status for answer in answers) == [302] + [403] * 9
    assert len(jump.school.published) == 1


async def test_asking_for_the_head_alone_uses_no_code(jump: Jump) -> None:
    """RFC 9110: HEAD is safe; link checkers and mail scanners send it before the learner comes."""
    code = await jump.code()
    await jump.visit(code, method="HEAD")
    assert (await jump.visit(code)).status == 302


async def test_a_code_that_the_platform_never_gave_reaches_it_unchanged_and_is_refused(jump: Jump) -> None:
    assert (await jump.visit(SAMPLE_CODE)).status == 403
    assert jump.school.published == []
    (asked,) = await jump.platform.calls()
    assert (asked["path"], asked["query"], asked["token"]) == (GET_DATA, {"authorizationCode": SAMPLE_CODE}, None)


async def test_a_code_that_the_platform_calls_expired_is_refused_and_not_tried_again(jump: Jump) -> None:
    """A0311 授权已过期 to a call that carried no token speaks of the code: 授权码."""
    code = await jump.code()
    await jump.visit(code)
    jump.school.forget()
    assert (await jump.visit(code)).status == 403


@pytest.mark.parametrize("code", [None, "", "x" * 1025, "会" * 342, "a\0b"], ids=lambda code: str(code)[:4])
async def test_a_code_that_cannot_be_one_is_refused_without_asking(jump: Jump, code: str | None) -> None:
    assert (await jump.visit(code)).status == 400
    assert await jump.platform.counts() == {}


@pytest.mark.parametrize("code", ["x" * 1024, "会" * 341, "a b", "a+b&c=d", "100%", "%00", " "])
async def test_any_other_code_is_the_platforms_to_judge(jump: Jump, code: str) -> None:
    assert (await jump.visit(code)).status == 403
    (asked,) = await jump.platform.calls()
    assert (asked["path"], asked["query"]) == (GET_DATA, {"authorizationCode": code})


@pytest.mark.parametrize("value", ["%ff", "%ed%a0%80", "%"])
async def test_a_query_that_is_no_utf8_is_no_crash(jump: Jump, value: str) -> None:
    assert (await jump.visit(None, more=f"?authorizationCode={value}")).status in {400, 403}


# --- who is not let in


@pytest.mark.parametrize("flag", [{"bad_sign": True}, {"omit": ["sign"]}, {"omit": ["year"]}, {"omit": ["areaCode"]}])
async def test_data_that_the_platform_did_not_sign_is_refused_and_nothing_published(
    jump: Jump, flag: dict[str, Any]
) -> None:
    code = await jump.code(**flag)
    assert [(await jump.visit(code)).status for _ in range(2)] == [403, 403]
    assert jump.school.published == []


async def test_an_account_that_nobody_configured_is_not_found(jump: Jump) -> None:
    assert (await jump.visit(await jump.code(), "another")).status == 404
    assert await jump.platform.counts() == {}


async def test_an_account_without_a_landing_url_has_no_login_address() -> None:
    async with scripted() as platform, served(School(account(platform.url))) as visit:
        assert (await visit(SAMPLE_CODE)).status == 404
    assert platform.seen == []


# --- when something is down


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503, "retry_after": 7},
        *({"kind": "status", "status": status} for status in (404, 502)),
        *({"kind": "html"}, {"kind": "closed"}),
        *({"kind": "code", "code": code} for code in ("500", "C0508", "B9999")),
    ],
    ids=str,
)
async def test_while_the_platform_is_down_a_code_is_not_used_up(jump: Jump, fault: dict[str, Any]) -> None:
    await jump.platform.control("faults", times=1, **fault)
    code = await jump.code()
    assert [(await jump.visit(code)).status for _ in range(3)] == [503, 302, 403]
    assert len(jump.school.published) == 1


async def test_a_platform_that_hangs_is_a_503_and_the_code_is_not_used_up() -> None:
    async with simulated() as platform:
        school = School(account(platform.url, landing_url=LANDING, timeout_seconds=1))
        async with served(school) as visit:
            await platform.fault("hang")
            code = await Jump(platform, school, visit).code()
            assert [(await visit(code)).status for _ in range(2)] == [503, 302]


async def test_a_platform_that_cannot_be_reached_is_a_503() -> None:
    school = School(account(f"http://127.0.0.1:{unused_port()}", landing_url=LANDING))
    async with served(school) as visit:
        assert [(await visit(SAMPLE_CODE)).status for _ in range(2)] == [503, 503]


async def test_a_ledger_that_keeps_nothing_is_a_503_and_the_code_is_not_used_up() -> None:
    """The document does not say that the platform honours a code only once; if it does, the learner starts anew."""
    learner = Learner(TICKET, PERSON["idNum"], "张三", "2", "2024", "440106")
    answer = said(data=encoded(learner, signature(learner, SECRET)))
    async with scripted(login_resolve=answer) as platform:
        school = School(account(platform.url, landing_url=LANDING))
        async with served(school) as visit:
            school.ledger_away = True
            assert (await visit(SAMPLE_CODE)).status == 503
            school.ledger_away = False
            assert [(await visit(SAMPLE_CODE)).status for _ in range(2)] == [302, 403]
    assert len(school.published) == 1


async def test_of_visits_at_once_with_a_code_that_the_platform_honours_twice_one_is_let_in() -> None:
    learner = Learner(TICKET, PERSON["idNum"], "张三", "2", "2024", "440106")
    answer = said(data=encoded(learner, signature(learner, SECRET)))
    async with scripted(login_resolve=answer) as platform:
        school = School(account(platform.url, landing_url=LANDING))
        async with served(school) as visit:
            school.written.clear()
            visits = asyncio.gather(visit(SAMPLE_CODE), visit(SAMPLE_CODE))
            await until(lambda: len(platform.seen) == 2)
            school.written.set()
            assert sorted(answer.status for answer in await visits) == [302, 403]
    assert len(school.published) == 1


# --- what is shown


async def test_nothing_of_the_learner_is_in_the_logs_or_in_what_the_browser_reads(
    jump: Jump, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.CRITICAL, "aiohttp.access")  # of the simulator; the gateway's own server has none
    codes = [
        await jump.code(**flag) for flag in ({}, {"bad_sign": True}, {"omit": ["year"]}, {"pqLevel": "9"}, {}, {})
    ]
    with capture_logs() as events:
        answers = [await jump.visit(code) for code in (*codes[:4], codes[0], SAMPLE_CODE)]
        for fault in ("closed", "html"):
            await jump.platform.fault(fault)
            answers.append(await jump.visit(codes[4]))
        jump.school.ledger_away = True
        answers.append(await jump.visit(codes[5]))
    assert {answer.status for answer in answers} >= {302, 403, 503}
    assert {event["event"] for event in events} >= {"learner.refused", "learner.unresolved"}
    texts = [answer.text for answer in answers] + [repr(events), caplog.text]
    shown = [hidden for text in texts for hidden in (*_secrets(jump), SAMPLE_CODE, *codes) if hidden in text]
    assert shown == []


def _secrets(jump: Jump) -> list[str]:
    arrivals = [event["data"]["arrival"] for event in jump.school.published]
    return [TICKET, PERSON["idNum"], PERSON["realName"], SECRET, *arrivals]
