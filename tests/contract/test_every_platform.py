"""What holds for every platform found in `workers`, so that a new one is told what it still lacks."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from pydantic import BaseModel

from deploy.local.samples import samples
from gateway import platform
from gateway.account import Account
from gateway.attempt import attempt
from gateway.decode import Refused, Work, decode
from gateway.ledger import Key, Ledger, open_ledger
from gateway.masking import sensitive_values
from gateway.outcome import Accepted, Code, Dead, Ending, Paused, Retry, Stopped, Verdict, outcome_name
from gateway.platform import Context, Operation, Platform
from gateway.topology import Names
from schemas.fields import sensitive_fields
from tests.support.contract import REQUIRED, Situation, Situations, Waiver

ROOT = Path(__file__).parents[2]
PLATFORMS = platform.names()
SHAPE = (
    "workers/{name}/__init__.py",
    "workers/{name}/README.md",
    "workers/{name}/settings.py",
    "workers/{name}/codes.py",
    "workers/{name}/client.py",
    "workers/{name}/operations.py",
    "workers/{name}/simulator/__init__.py",
    "schemas/{name}/__init__.py",
    "schemas/{name}/events.py",
    "tests/platforms/{name}/contract.py",
    "deploy/samples/{name}/sandbox.json",
)


def situations(name: str) -> Situations:
    found: Situations = import_module(f"tests.platforms.{name}.contract").SITUATIONS
    return found


def codes(name: str) -> dict[str, Code]:
    table: dict[str, Code] = import_module(f"workers.{name}.codes").CODES
    return dict(table)


EVERY = [(name, operation) for name in PLATFORMS for operation in platform.load(name).operations.values()]
TOLD = [
    (name, title, told)
    for name in PLATFORMS
    for title, told in situations(name).items()
    if isinstance(told, Situation)
]
WAIVED = [
    (name, title, told) for name in PLATFORMS for title, told in situations(name).items() if isinstance(told, Waiver)
]


@pytest.mark.parametrize("path", SHAPE)
@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_has_the_shape_of_all_others(name: str, path: str) -> None:
    assert (ROOT / path.format(name=name)).is_file()


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_platform_shows_every_situation_or_says_why_not(name: str) -> None:
    assert set(REQUIRED) - situations(name).keys() == set()


@pytest.mark.parametrize(("name", "title", "waiver"), WAIVED, ids=[f"{n}: {t}" for n, t, _ in WAIVED])
def test_a_waiver_has_a_reason_and_is_not_stale(name: str, title: str, waiver: Waiver) -> None:
    verdicts = {code.verdict for code in codes(name).values()}
    arises = {"duplicate": Verdict.DUPLICATE, "token expired": Verdict.TOKEN}
    assert len(waiver.reason) > 20
    assert title in arises, "only these depend on the platform's codes"
    assert arises[title] not in verdicts, "the platform has a code for it: show the situation"


@pytest.mark.parametrize(("name", "title", "situation"), TOLD, ids=[f"{n}: {t}" for n, t, _ in TOLD])
async def test_the_situation_ends_as_the_platform_says_and_leaves_nothing_personal_in_the_logs(
    name: str, title: str, situation: Situation, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with simulated(name, tmp_path) as (account, tell), open_ledger(f"sqlite:///{tmp_path / 'l.db'}") as ledger:
        for method, path, body in situation.prepare:
            await tell(method, path, body)
        ending = await ended(account, ledger, situation)
    assert isinstance(ending, situation.expect)
    assert situation.code is None or getattr(ending, "code", None) == situation.code
    shown = "".join(capfd.readouterr())
    operation = platform.load(name).operations[situation.event_operation]
    for secret in long_secrets(situation.data, operation):
        assert secret not in shown


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_situations_that_all_must_show_end_alike(name: str) -> None:
    expected: dict[str, type[Ending]] = {
        "accepted": Accepted,
        "duplicate": Accepted,
        "unavailable": Retry,
        "throttled": Retry,
        "unknown code": Dead,
    }
    for title, kind in expected.items():
        told = situations(name)[title]
        assert isinstance(told, Waiver) or told.expect is kind


@pytest.mark.parametrize(("name", "operation"), EVERY, ids=[f"{n}.{o.name}" for n, o in EVERY])
def test_an_operation_says_what_people_need_to_know(name: str, operation: Operation) -> None:
    assert operation.title
    assert operation.section
    assert not operation.interactive or not operation.lane
    assert all(name in operation.model.model_fields or hasattr(operation.model, name) for name in operation.lane)
    assert all(field.title for field in operation.model.model_fields.values())


@pytest.mark.parametrize(("name", "operation"), EVERY, ids=[f"{n}.{o.name}" for n, o in EVERY])
def test_the_examples_of_an_operation_are_valid_events(name: str, operation: Operation) -> None:
    schema = operation.model.model_json_schema()
    assert schema["examples"]
    for example in schema["examples"]:
        assert isinstance(decoded(name, operation.name, example), Work)


@pytest.mark.parametrize("name", PLATFORMS)
def test_calls_from_a_platform_have_a_schema(name: str) -> None:
    for event, model in platform.load(name).inbound_events.items():
        assert event
        assert issubclass(model, BaseModel)
        assert model.model_json_schema()["examples"]


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_code_table_speaks_the_documents_language(name: str) -> None:
    for code, known in codes(name).items():
        assert code
        assert known.meaning


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_samples_are_events_of_the_platform_with_ids_of_their_own(name: str) -> None:
    events = samples(name).events
    assert len({event["id"] for event in events}) == len(events)
    assert {event["type"].partition(".")[0] for event in events} == {name}
    assert {event["expectoutcome"] for event in events} >= {"accepted", "rejected"}
    assert samples(name).replay in {event["id"] for event in events}


@pytest.mark.parametrize("name", PLATFORMS)
async def test_the_samples_end_at_the_simulator_as_they_say(name: str, tmp_path: Path) -> None:
    told = samples(name)
    async with simulated(name, tmp_path) as (account, tell), open_ledger(f"sqlite:///{tmp_path / 'l.db'}") as ledger:
        for call in told.before:
            await tell("POST", call["path"], call["body"])
        for event in told.events:
            ending = await sample_ended(account, ledger, event)
            assert not isinstance(ending, Retry | Paused | Stopped), event["id"]
            expected = (event["expectoutcome"], event.get("expectcode"))
            assert (outcome_name(ending), ending.code) == expected, event["id"]


async def sample_ended(account: Account, ledger: Ledger, event: Mapping[str, Any]) -> Ending:
    """How a sample ends, on the second attempt where the first asks for one."""
    loaded = platform.load(account.platform)
    names = Names(account.platform, account.name)
    work = decode(json.dumps(event).encode(), event["type"], names, loaded.operations)
    if isinstance(work, Refused):
        return work.ending
    async with loaded.client(Context(account, ledger.tokens(account))) as client:
        for _ in range(2):
            steps = await ledger.steps(Key(account.platform, account.name, event["source"], event["id"]))
            ending = await attempt(work.operation, client, work.data, steps)
            if not isinstance(ending, Retry):
                break
    return ending


def decoded(name: str, operation: str, data: dict[str, Any]) -> object:
    event = {"specversion": "1.0", "id": "1", "source": "/t", "type": f"{name}.{operation}", "data": data}
    loaded = platform.load(name)
    return decode(
        json.dumps(event).encode(), f"{name}.default.{operation}", Names(name, "default"), loaded.operations
    )


def long_secrets(data: dict[str, Any], operation: Operation) -> Iterator[str]:
    """Sensitive texts that cannot stand in a log by chance."""
    found = sensitive_values(data, sensitive_fields(operation.model))
    return (secret for secret in found if len(secret) >= 8)


async def ended(account: Account, ledger: Ledger, situation: Situation) -> Ending:
    """One attempt, as the core makes it."""
    loaded: Platform = platform.load(account.platform)
    operation = loaded.operations[situation.event_operation]
    work = decoded(account.platform, operation.name, situation.data)
    assert isinstance(work, Work), work
    async with loaded.client(Context(account, ledger.tokens(account))) as client:
        steps = await ledger.steps(Key(account.platform, account.name, "/t", "1"))
        return await attempt(operation, client, work.data, steps)


@asynccontextmanager
async def simulated(name: str, folder: Path) -> AsyncIterator[tuple[Account, Any]]:
    """An account at the platform's simulator, and a way to tell the simulator something."""
    async with TestServer(platform.simulator(name)) as server, aiohttp.ClientSession() as http:
        base = str(server.make_url("")).rstrip("/")
        table = import_module(f"workers.{name}.simulator").demo_settings(base, folder)

        async def tell(method: str, path: str, body: dict[str, Any]) -> None:
            async with http.request(method, base + path, json=body, raise_for_status=True):
                return

        yield Account(name, "default", platform.load(name).settings.model_validate(table)), tell
