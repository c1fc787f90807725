"""What is no CloudEvent: a clear dead letter or answer, and the worker goes on (issue 2, "Shown by" 5)."""

import json
from typing import Any

import pytest
from aio_pika.exceptions import AMQPError

from tests.support.outside import Outside, enrolment, mobile_login, until
from tests.support.scene import Scene

DURABLE = "gd_accounting.default.enrolment-register"
INTERACTIVE = "gd_accounting.default.enrolment-check"
SECRET_TICKET = "208cbc66aaef4317843c6cedabe319e0"


async def goes_on(stage: Scene) -> None:
    """After whatever came before, a good event is accepted."""
    good = mobile_login("t-good")
    await stage.service.insist(good)
    assert (await stage.service.result(good["id"]))["outcome"] == "accepted"


BODIES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"ticket=17", "no JSON"),
    "empty": (b"", "no JSON"),
    "cut off": (b'{"specversion": "1.0", "id": ', "no JSON"),
    "invalid UTF-8": (b'{"specversion": "1.0", "id": "\xff\xfe"}', "no JSON"),
    "UTF-16": ('{"specversion": "1.0"}'.encode("utf-16"), "no JSON"),
    "an array": (b'[{"specversion": "1.0"}]', "object"),
    "a number": (b"17", "object"),
    "a text": (b'"event"', "object"),
    "null": (b"null", "object"),
    "an empty object": (b"{}", "specversion"),
    "deep nesting": (b"[" * 100_000, "no JSON"),
    "two documents": (b"{}{}", "no JSON"),
}


@pytest.mark.parametrize("key", [DURABLE, INTERACTIVE])
async def test_a_body_that_is_no_event_ends_clearly(stage: Scene, key: str) -> None:
    async with stage.running():
        for case, (body, _) in BODIES.items():
            await stage.service.publish(body, key, correlation_id=case)
        await until(lambda: len(stage.service.results) == len(BODIES), what="a result for each")
        letters = {letter.correlation_id: letter for letter in await stage.letters()}
        await goes_on(stage)
    told = {message.correlation_id: result["data"] for message, result in stage.service.results}
    for case, (body, named) in BODIES.items():
        data = told[case]
        assert (data["event_id"], data["outcome"], data["category"]) == (None, "rejected", "invalid"), case
        assert named in data["message"], case
        if key == DURABLE:
            assert letters[case].body == body
            assert letters[case].headers["x-gateway-reason"] == data["message"]
            assert "x-gateway-event-id" not in letters[case].headers
    assert len(letters) == (len(BODIES) if key == DURABLE else 0)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in enrolment(SECRET_TICKET).items() if key != name}


def broken(name: str, value: Any) -> dict[str, Any]:
    return {**enrolment(SECRET_TICKET), name: value}


WRONG_TYPES: tuple[Any, ...] = (None, 17, True, [], "")

ENVELOPES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"{name} missing": (name, without(name)) for name in ("specversion", "id", "source", "type", "data")},
    **{
        f"{name} is {value!r:.20}": (name, broken(name, value))
        for name in ("specversion", "id", "source", "type", "data")
        for value in WRONG_TYPES
    },
    "an older version": ("specversion", broken("specversion", "0.3")),
    "an empty subject": ("subject", broken("subject", "")),
    "a subject that is a number": ("subject", broken("subject", 17)),
    "a time that is none": ("time", broken("time", "yesterday")),
    "an account that is a number": ("account", broken("account", 17)),
    "an account with a dot": ("account", broken("account", "a.b")),
    "an id with a line break": ("id", broken("id", "a\nb")),
    "an id of 256 bytes": ("id", broken("id", "x" * 256)),
    "a source of 256 bytes": ("source", broken("source", "会" * 86)),
    "a type without operation": ("type", broken("type", "gd_accounting")),
    "a type of three parts": ("type", broken("type", "gd_accounting.credit-sync.now")),
    "data of another content type": ("datacontenttype", broken("datacontenttype", "text/xml")),
    "data as text": ("data", broken("data", json.dumps({"ticket": SECRET_TICKET}))),
    "data as a list": ("data", broken("data", [{"ticket": SECRET_TICKET}])),
}


async def test_every_attribute_of_the_envelope_that_is_missing_or_wrong_is_named(stage: Scene) -> None:
    async with stage.running():
        for number, (_, event) in enumerate(ENVELOPES.values()):
            await stage.service.publish(json.dumps(event).encode(), DURABLE, correlation_id=f"c-{number}")
        await until(lambda: len(stage.service.results) == len(ENVELOPES), what="a result for each")
        letters = await stage.letters()
        await goes_on(stage)
    assert len(letters) == len(ENVELOPES)
    for number, (case, (name, event)) in enumerate(ENVELOPES.items()):
        letter = next(letter for letter in letters if letter.correlation_id == f"c-{number}")
        reason = str(letter.headers["x-gateway-reason"])
        assert letter.headers["x-gateway-category"] == "invalid", case
        assert name in reason, (case, reason)
        assert SECRET_TICKET not in reason, case
        assert json.loads(letter.body) == event, case
    assert await stage.platform.calls("accountantReg") == []


async def test_an_event_that_still_has_its_id_is_answered_under_it(stage: Scene) -> None:
    event = broken("specversion", "0.3") | {"subject": "learner/17"}
    async with stage.running():
        await stage.service.publish(event)
        result = await stage.service.result(event["id"])
    message, body = stage.service.results[0]
    assert message.correlation_id == event["id"]
    assert body["subject"] == "learner/17"
    assert (result["outcome"], result["category"]) == ("rejected", "invalid")


async def test_a_body_of_20_megabytes_dies_and_the_worker_goes_on(stage: Scene) -> None:
    event = mobile_login("t-1")
    body = json.dumps({**event, "padding": "x" * 20_000_000}).encode()
    async with stage.running():
        if await taken(stage.service, body):
            await until(lambda: len(stage.service.results) == 1, what="the result")
            (letter,) = await stage.letters()
            assert letter.body == body
            assert "20000" in str(letter.headers["x-gateway-reason"])
            assert letter.headers["x-gateway-category"] == "invalid"
        await goes_on(stage)
    assert len(await stage.platform.calls("syncLoginInfo")) == 1


async def taken(service: Outside, body: bytes) -> bool:
    """Whether the broker takes so much: RabbitMQ 4 closes the channel at 16 MiB."""
    try:
        await service.publish(body, "gd_accounting.default.mobile-login-sync")
    except (AMQPError, RuntimeError, ConnectionError):
        return False
    return True


DEPTHS = (100, 240, 260, 480, 900, 1000, 1020, 2000)


async def test_data_nested_to_any_depth_ends_as_a_dead_letter(stage: Scene) -> None:
    async with stage.running():
        for depth in DEPTHS:
            event = enrolment("t-1", id=f"deep-{depth}")
            for place in ("ticket", "realName", "x"):
                nested = json.dumps({**event, "id": f"{event['id']}-{place}"}).replace(
                    '"ticket": "t-1"', f'"{place}": {"[" * depth}{"]" * depth}'
                )
                await stage.service.publish(nested.encode(), DURABLE)
        await until(lambda: len(stage.service.results) == 3 * len(DEPTHS), 10, "a result for each")
        await goes_on(stage)
    assert {result["data"]["category"] for _, result in stage.service.results[:-1]} == {"invalid"}
