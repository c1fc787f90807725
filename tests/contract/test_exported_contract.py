"""The exported contract: complete, stable, and of one mind with what the gateway takes and refuses."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.local.samples import samples
from gateway import platform
from gateway.contract.catalogue import catalogue
from gateway.contract.export import ASYNCAPI, export, files
from gateway.decode import Refused, decode
from gateway.errors import RefusedError
from gateway.topology import Names

TABLE = {
    "gd_accounting": "login-resolve enrolment-check enrolment-register enrolment-cancel mobile-login-sync qrcode-get"
    " verification-query credit-sync",
    "gd_driving": "file-upload coach-submit simulator-submit student-submit learning-certificate-submit"
    " class-record-submit training-qrcode",
    "fj_construction": "certificate-submit certificate-file-submit token-validate response-log-report",
    "gd_ecert": "service-call licence-auth licence-get licence-archive licence-token",
}
"""The types of the public contract."""

INBOUND = {"gd_accounting.learner-arrived", "gd_driving.training-signed", "gd_ecert.service-invoked"}

BEYOND_JSON_SCHEMA: set[str] = set()
"""Samples that expect `invalid` by a rule that JSON Schema cannot say."""

FILES = {path: json.loads(content) for path, content in files().items()}
SCHEMAS = {path: content for path, content in FILES.items() if path != ASYNCAPI}
TYPES = sorted(f"{name}.{operation}" for name, told in TABLE.items() for operation in told.split())
SAMPLES = [event for name in platform.names() for event in samples(name).events]


def schema(kind: str, name: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[f"{kind}/{name}.schema.json"])


def decoded(event: dict[str, Any]) -> object:
    """What the worker makes of an event."""
    name, _, operation = event["type"].partition(".")
    names = Names(name, "default")
    return decode(json.dumps(event).encode(), names.key(operation), names, platform.load(name).operations)


def test_every_type_of_the_public_contract_has_its_schemas_and_its_messages() -> None:
    code = {f"{name}.{each}" for name in platform.names() for each in platform.load(name).operations}
    assert code >= set(TYPES)
    assert {path for path in SCHEMAS if path.startswith("events/")} == {f"events/{e}.schema.json" for e in code}
    assert {path for path in SCHEMAS if path.startswith("results/")} == {f"results/{e}.schema.json" for e in code}
    assert {path for path in SCHEMAS if path.startswith("inbound/")} >= {f"inbound/{e}.schema.json" for e in INBOUND}
    messages = FILES[ASYNCAPI]["components"]["messages"]
    assert messages.keys() >= {f"{kind}.{each}" for each in code for kind in ("event", "result")} | {"dead-letter"}
    assert set(FILES[ASYNCAPI]["operations"]) >= {f"receive.{each}" for each in code}


@pytest.mark.parametrize("path", sorted(SCHEMAS))
def test_a_schema_is_one_and_its_examples_are_valid(path: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[path])
    for example in SCHEMAS[path].get("examples", []):
        Draft202012Validator(SCHEMAS[path]).validate(example)
    assert SCHEMAS[path].get("examples") or path == "dead-letter-headers.schema.json"
    assert SCHEMAS[path]["$id"] == f"urn:provincial-gateway:schema:{identity(path)}"


def identity(path: str) -> str:
    folder, _, file = path.removesuffix(".schema.json").rpartition("/")
    return f"{folder.removesuffix('s')}:{file}" if folder else file


def test_every_example_of_the_asyncapi_document_is_valid_by_its_own_schema() -> None:
    document = FILES[ASYNCAPI]
    for name, message in document["components"]["messages"].items():
        for example in message.get("examples", []):
            whole = {"components": document["components"], **message["payload"]}
            Draft202012Validator(whole).validate(example["payload"])
        assert message.get("examples") or name == "dead-letter"


@pytest.mark.parametrize("event", SAMPLES, ids=[event["id"] for event in SAMPLES])
def test_a_sample_is_valid_unless_it_expects_to_be_refused_as_invalid(event: dict[str, Any]) -> None:
    refused = event.get("expectcode") == "invalid" and event["id"] not in BEYOND_JSON_SCHEMA
    assert schema("events", event["type"]).is_valid(event) is not refused


def test_the_list_of_rules_beyond_json_schema_is_not_stale() -> None:
    told = {event["id"]: event for event in SAMPLES}
    assert all(schema("events", told[name]["type"]).is_valid(told[name]) for name in BEYOND_JSON_SCHEMA)


def spoilt(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Events with something missing, too much, or of the wrong kind."""
    for name in ("specversion", "id", "source", "type", "data"):
        yield {key: value for key, value in event.items() if key != name}
    yield {**event, "id": ""}
    yield {**event, "account": "Not A Name"}
    data = event["data"]
    yield {**event, "data": {**data, "no-such-field": 1}}
    for name in data:
        yield {**event, "data": {**data, name: [[]]}}
        if name in required(event["type"]):
            yield {**event, "data": {key: value for key, value in data.items() if key != name}}


def required(name: str) -> list[str]:
    found: list[str] = SCHEMAS[f"events/{name}.schema.json"]["properties"]["data"].get("required", [])
    return found


@pytest.mark.parametrize("name", TYPES)
def test_what_the_schema_refuses_the_gateway_refuses_too_and_the_other_way_round(name: str) -> None:
    (event, *_) = SCHEMAS[f"events/{name}.schema.json"]["examples"]
    assert not isinstance(decoded(event), Refused)
    for wrong in spoilt(event):
        refused = isinstance(decoded(wrong), Refused) if "type" in wrong else True
        assert schema("events", name).is_valid(wrong) is not refused, wrong


RULES = [
    ("gd_accounting.credit-sync", {"courseTypeCode": "PUB_01"}),
    ("gd_driving.class-record-submit", {"regionseq": None}),
    ("gd_driving.class-record-submit", {"subjcode": "4212110000"}),
    ("gd_driving.class-record-submit", {"logoutinfo": None}),
    ("gd_driving.class-record-submit", {"subjcode": "3212110000"}),
    ("fj_construction.certificate-submit", {"certType": "2"}),
    ("fj_construction.certificate-submit", {"safeCertParameter": {"acceptData": []}}),
]


@pytest.mark.parametrize(("name", "changes"), RULES)
def test_rules_between_fields_are_in_the_schema_too(name: str, changes: dict[str, Any]) -> None:
    (event, *_) = SCHEMAS[f"events/{name}.schema.json"]["examples"]
    wrong = {**event, "data": {**event["data"], **changes}}
    assert isinstance(decoded(wrong), Refused)
    assert not schema("events", name).is_valid(wrong)


def test_fields_carry_the_documents_names_and_codes_their_meaning() -> None:
    for published in catalogue().published:
        data = SCHEMAS[f"events/{published.type}.schema.json"]["properties"]["data"]
        assert all(field.get("title") for field in data["properties"].values()), published.type
        assert published.operation.section in SCHEMAS[f"events/{published.type}.schema.json"]["description"]
    credit = SCHEMAS["events/gd_accounting.credit-sync.schema.json"]["properties"]["data"]["properties"]
    assert credit["areaCode"]["title"] == "学员所属行政区划"
    assert credit["areaCode"]["x-enum-names"]["440106"] == "天河区"
    assert set(credit["areaCode"]["x-enum-names"]) == set(credit["areaCode"]["enum"])
    sex = SCHEMAS["events/gd_driving.coach-submit.schema.json"]["properties"]["data"]["properties"]["sex"]
    assert sex["x-enum-names"] == {"1": "男性", "2": "女性"}
    assert credit["ticket"]["x-sensitive"] is True


def test_another_process_writes_the_same_bytes_whatever_its_hashes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "schema", "export", str(tmp_path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": "1"}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path: (tmp_path / path).read_bytes() for path in files()} == files()


def test_an_export_takes_away_what_an_earlier_one_left_of_types_that_are_gone(tmp_path: Path) -> None:
    old, other = tmp_path / "events" / "gone.x.schema.json", tmp_path / "events" / "notes.md"
    old.parent.mkdir()
    old.write_text("{}")
    other.write_text("mine")
    assert len(export(tmp_path)) == len(FILES)
    assert not old.exists()
    assert other.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match="file: cannot be written"):
        export(tmp_path / "file")
