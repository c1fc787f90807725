"""No number, name, ticket, secret or token is in what people and machines read: log, metrics, messages, reasons."""

import json
from typing import Any

from tests.support.commands import server
from tests.support.events import DURABLE, check, credit, login, qr_code, verification, verified
from tests.support.outside import event, until
from tests.support.scene import Scene
from workers.gd_accounting.simulator.app import DEMO_SECRET, PLATFORM

TICKET = "208cbc66aaef4317843c6cedabe319e0"
ODD_TICKET = "学员-凭证-4711-abc"
ID_NUMBER = "440681198512063416"
NAME = "欧阳娜娜"
PHONE = "13812345678"

LEARNER = {
    "ticket": TICKET, "idNum": ID_NUMBER, "realName": NAME, "pqLevel": "2", "year": "2026", "areaCode": "440106",
}  # fmt: skip

ECHO = f"学员 {ID_NUMBER} 手机 {PHONE} 凭证 {TICKET} {ODD_TICKET} 有误"
"""A platform's message that repeats what it was sent, and what it knows besides. (A name that the event does not
carry could not be told from other words.)"""


def every_operation(code: str) -> list[dict[str, Any]]:
    """One of each, good and bad, with known values in every place."""
    good = [make(ticket) for make in DURABLE.values() for ticket in (TICKET, ODD_TICKET)]
    asked = [check(TICKET), qr_code(ODD_TICKET), login(code), login("no-such-code"), verification(TICKET, "0" * 32)]
    invalid = [credit(TICKET), credit(ODD_TICKET), event("enrolment-register", {ID_NUMBER: NAME, "phone": PHONE})]
    invalid[0]["data"] |= {"idNum": ID_NUMBER, "realName": NAME, "year": PHONE, "areaCode": TICKET[:6]}
    invalid[1]["data"] |= {"ticket": ODD_TICKET * 40, "startTime": ID_NUMBER, "endTime": f"{PHONE} {NAME}"}
    return [*good, *asked, *invalid]


async def test_nothing_personal_is_logged_measured_or_told(stage: Scene) -> None:
    await stage.platform.tell("verify", **verified(TICKET))
    code = (await stage.platform.tell("authorize", **LEARNER))["authorizationCode"]
    events = every_operation(code)
    stage.settings(ladder=(1,))
    async with server(stage.folder, "run", GATEWAY_LOG__LEVEL="debug") as gateway:
        for one in events:
            await stage.service.publish(one)
        await stage.service.publish(f'{{"ticket": "{TICKET}", {NAME}'.encode(), "gd_accounting.default.credit-sync")
        await until(lambda: len(stage.service.results) == len(events) + 1, what="a result for each")
        await the_platform_echoes(stage)
        metrics = await gateway.get("/metrics")
        await gateway.stop()
    texts = {"log": gateway.log, "metrics": metrics, **told(stage), **await reasons(stage)}
    secrets = [TICKET, ODD_TICKET, ID_NUMBER, NAME, PHONE, DEMO_SECRET, code, *tokens(stage)]
    leaks = [(where, secret) for where, text in texts.items() for secret in secrets if secret in text]
    assert leaks == []


async def the_platform_echoes(stage: Scene) -> None:
    """Its messages repeat numbers, and this event's own ticket: refused, unlisted, and used up on the ladder."""
    expected = len(stage.service.results)
    for code, path in (("A0416", "accountantReg"), ("X9999", "cancelAccountReg"), ("500", "syncLoginInfo")):
        await stage.fault("code", code=code, msg=ECHO, path=path)
    for operation in ("enrolment-register", "enrolment-cancel", "mobile-login-sync"):
        await stage.service.publish(DURABLE[operation](ODD_TICKET))
    await until(lambda: len(stage.service.results) == expected + 3, what="three more results")


def told(stage: Scene) -> dict[str, str]:
    """The results' messages."""
    return {
        f"result {number}: {result['type']}": result["data"]["message"]
        for number, (_, result) in enumerate(stage.service.results)
    }


async def reasons(stage: Scene) -> dict[str, str]:
    """All that the gateway added to dead letters."""
    return {
        f"letter {number}": json.dumps({n: str(v) for n, v in letter.headers.items()}, ensure_ascii=False)
        for number, letter in enumerate(await stage.letters())
    }


def tokens(stage: Scene) -> list[str]:
    """Every token that the platform ever gave."""
    state = stage.platform._runner.app[PLATFORM]
    return [institution.token for institution in state.accounts.institutions.values() if institution.token]


async def test_a_platform_that_repeats_our_secret_when_it_refuses_it_does_not_get_it_published(stage: Scene) -> None:
    question = check(TICKET)
    stage.settings()
    async with server(stage.folder, "run") as gateway:
        await stage.fault("code", code="A0210", msg=f"密码 {DEMO_SECRET} 错误", path="/intf/login")
        await stage.service.publish(question)
        answer = await stage.service.result(question["id"])
        await gateway.stop()
    assert answer["code"] == "A0210"
    assert DEMO_SECRET not in answer["message"]
    assert DEMO_SECRET not in gateway.log
