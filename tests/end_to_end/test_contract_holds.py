"""What the gateway really publishes is as the exported schemas say: results, dead letters, calls from platforms."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from gateway.contract.export import files
from gateway.inbound import PlatformInbound
from gateway.ledger import open_ledger
from gateway.settings import accounts
from schemas.gd_accounting import INBOUND
from tests.support.events import check, credit
from tests.support.outside import mobile_login, until
from tests.support.scene import Scene


def validate(path: str, value: Any) -> None:
    schema = json.loads(files()[f"{path}.schema.json"])
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


async def test_results_of_every_outcome_and_the_headers_of_dead_letters_are_as_their_schemas_say(
    stage: Scene,
) -> None:
    dead, invalid = mobile_login("t-dead", subject="s"), mobile_login("t-invalid")
    invalid["data"]["year"] = 1999
    async with stage.running(ladder=(1,)):
        for event in (mobile_login("t-1"), credit("t-not-verified"), check("t-2"), invalid):
            await stage.service.publish(event)
        await stage.service.ended(4)
        await stage.fault("code", code="X9999", msg="手册之外", times=1, path="syncLoginInfo")
        await stage.service.publish(dead)
        await stage.service.result(dead["id"])
        await until(lambda: len(stage.service.results) == 5)
    for _, result in stage.service.results:
        validate(f"results/{result['type'].rpartition('.')[0]}", result)
    outcomes = {(result["data"]["outcome"], result["data"]["category"]) for _, result in stage.service.results}
    assert outcomes >= {("accepted", None), ("rejected", "rejected"), ("rejected", "invalid"), ("dead", "unknown")}
    letters = await stage.letters()
    assert len(letters) == 3
    for letter in letters:
        validate("dead-letter-headers", dict(letter.headers))


async def test_a_call_from_a_platform_is_as_its_schema_says(stage: Scene) -> None:
    settings = stage.settings()
    (account,) = accounts(settings)
    example = INBOUND["learner-arrived"].model_json_schema()["examples"][0]
    del example["areaCode"], example["pqLevel"]
    async with open_ledger(settings.ledger.url) as ledger:
        learner = INBOUND["learner-arrived"].model_validate(example)
        assert await PlatformInbound([account], ledger).keep(account, "learner-arrived", None, learner, "once")
        call = await ledger.inbox.first()
    assert call is not None
    validate("inbound/gd_accounting.learner-arrived", json.loads(call.event))
