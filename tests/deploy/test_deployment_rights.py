"""The definitions that `gateway topology definitions` prints, imported into a real broker: each user can do its work
and nothing else."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from aiormq.exceptions import ChannelAccessRefused

from deploy.local.management import Management
from deploy.local.node import Node
from gateway.definitions import users
from tests.support.commands import gateway
from tests.support.events import credit
from tests.support.outside import enrolment
from tests.support.running import running, settings, simulator

TICKET = "208cbc66aaef4317843c6cedabe319e0"
BULK = "gateway.gd_accounting.default.bulk"
DEAD = "gateway.gd_accounting.default.dead"
USERS = ("gateway", "publisher", "results", "operator")

Act = Callable[[AbstractChannel], Awaitable[object]]


class Production:
    """A broker that was given the definitions, and a folder for each user's gateway.toml."""

    def __init__(self, node: Node, folder: Path, vhost: str) -> None:
        self.node = node
        self.folder = folder
        self.vhost = vhost

    def url(self, user: str) -> str:
        """The AMQP URL of a user."""
        at = urlsplit(self.node.url)
        return f"amqp://{user}:{user}-password@{at.hostname}:{at.port}/{self.vhost}"

    def configure(self, user: str, base_url: str = "http://127.0.0.1:9", **variables: Any) -> Any:
        """The settings of a gateway that works as this user; they lie in a folder of that name."""
        folder = self.folder / user
        folder.mkdir(exist_ok=True)
        return settings(self.url(user), folder, base_url, ladder=(1,), **variables)

    async def definitions(self, *, declare: bool) -> Any:
        """What the command prints for this configuration."""
        self.configure("gateway")
        passwords = self.folder / "passwords"
        passwords.mkdir()
        for user in USERS:
            (passwords / user).write_text(f"{user}-password\n")
        variables = {"GATEWAY_BROKER__DECLARE": str(declare).lower()}
        done = await gateway(
            self.folder / "gateway", "topology", "definitions", "--passwords", str(passwords), variables=variables
        )
        assert (done.code, done.err) == (0, "")
        assert "-password" not in done.out
        return done.json


@pytest.fixture(autouse=True)
def _configured_by_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def production(broker_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Production:
    """A broker that knows everything beforehand, and a gateway that may declare nothing."""
    made = Production(broker_node, tmp_path, "locked")
    Management(broker_node.management_url or "").import_definitions(await made.definitions(declare=False))
    monkeypatch.setenv("GATEWAY_BROKER__DECLARE", "false")
    return made


@asynccontextmanager
async def channel_of(url: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(url) as connection:
        yield await connection.channel(on_return_raises=True)


async def is_refused(url: str, act: Act) -> bool:
    """Whether the broker says ACCESS_REFUSED."""
    async with channel_of(url) as channel:
        try:
            await act(channel)
        except ChannelAccessRefused:
            return True
        return False


def publishing(exchange: str) -> Act:
    async def act(channel: AbstractChannel) -> None:
        to = await channel.get_exchange(exchange, ensure=False)
        await to.publish(aio_pika.Message(b"{}"), "gd_accounting.default.credit-sync", mandatory=False)

    return act


def getting(queue: str) -> Act:
    async def act(channel: AbstractChannel) -> None:
        message = await (await channel.get_queue(queue, ensure=False)).get(fail=False)
        if message is not None:
            await message.nack(requeue=True)

    return act


def declaring(queue: str) -> Act:
    return lambda channel: channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})


def binding(queue: str, exchange: str) -> Act:
    async def act(channel: AbstractChannel) -> None:
        await (await channel.get_queue(queue, ensure=False)).bind(exchange, "#")

    return act


async def test_every_user_does_its_work_on_a_broker_where_the_gateway_may_declare_nothing(
    production: Production,
) -> None:
    async with simulator() as platform:
        configured = production.configure("gateway", platform.base_url)
        production.configure("publisher")
        production.configure("operator")
        events = [enrolment(TICKET, id="e-accepted"), credit(TICKET, id="e-refused")]
        await platform.tell("faults", kind="code", code="500", path="accountantReg", times=1)  # once on the ladder
        async with running(configured), channel_of(production.url("results")) as channel:
            queue = await channel.declare_queue("results.tests", exclusive=True)
            await queue.bind("gateway.results", "#")
            await queue.bind("gateway.inbound", "#")
            done = await gateway(
                production.folder / "publisher", "publish", "-", "--wait", "20", "--json",
                stdin=json.dumps(events).encode(),
            )  # fmt: skip
            assert {row["event"]: row["outcome"] for row in done.json} == {
                "e-accepted": "accepted",
                "e-refused": "rejected",
            }, done.err
            assert {(await queue.get(timeout=10)).correlation_id for _ in events} == {"e-accepted", "e-refused"}
            listed = await gateway(production.folder / "operator", "dead", "list", "--json")
            assert [row["event_id"] for row in listed.json] == ["e-refused"], listed.err
        checked = await gateway(production.folder / "gateway", "topology", "check", "--json")
        assert checked.code == 0, checked.out
        assert {row["drift"].split(":")[0] for row in checked.json} == {"cannot be compared", "none"}


REFUSED: list[tuple[str, Act]] = [
    ("publisher", publishing("gateway.results")),
    ("publisher", publishing("gateway.due")),
    ("publisher", getting(BULK)),
    ("publisher", getting(DEAD)),
    ("publisher", declaring("gateway.gd_accounting.default.lease")),
    ("publisher", declaring("mine")),
    ("results", publishing("gateway.events")),
    ("results", getting(DEAD)),
    ("results", binding(BULK, "gateway.results")),
    ("operator", publishing("gateway.events")),
    ("operator", publishing("gateway.results")),
    ("operator", getting(BULK)),
    ("operator", declaring("gateway.gd_accounting.default.lease")),
    ("operator", lambda channel: channel.queue_delete(DEAD)),
    ("gateway", declaring("gateway.gd_accounting.other.bulk")),
    ("gateway", lambda channel: channel.queue_delete(BULK)),
    ("gateway", lambda channel: channel.exchange_delete("gateway.events")),
    ("gateway", lambda channel: channel.declare_exchange("gateway.more", "topic")),
    ("gateway", binding(BULK, "gateway.results")),
    ("gateway", publishing("amq.topic")),
]
ALLOWED: list[tuple[str, Act]] = [
    ("publisher", publishing("gateway.events")),
    ("publisher", declaring("reply.school")),
    ("results", declaring("results.school")),
    ("operator", getting(DEAD)),
    ("operator", getting("gateway.unrouted")),
    ("operator", publishing("gateway.due")),
    ("gateway", publishing("gateway.inbound")),
]


async def test_the_broker_refuses_each_user_what_is_not_its_work_and_lets_it_do_what_is(
    production: Production,
) -> None:
    let_in = [number for number, case in enumerate(REFUSED) if not await is_refused(production.url(case[0]), case[1])]
    assert let_in == []
    shut_out = [number for number, case in enumerate(ALLOWED) if await is_refused(production.url(case[0]), case[1])]
    assert shut_out == []


async def test_a_gateway_that_declares_makes_everything_itself_with_its_own_rights_alone(
    broker_node: Node, tmp_path: Path
) -> None:
    made = Production(broker_node, tmp_path, "open")
    content = await made.definitions(declare=True)
    left = {name: rows for name, rows in content.items() if name not in {"queues", "exchanges", "bindings"}}
    Management(broker_node.management_url or "").import_definitions(left)
    async with simulator() as platform, running(made.configure("gateway", platform.base_url)):
        assert not await is_refused(made.url("publisher"), publishing("gateway.events"))
    assert await is_refused(made.url("gateway"), declaring("somebody-elses"))


async def test_the_imported_topology_is_the_one_that_the_gateway_would_have_made(production: Production) -> None:
    at = urlsplit(production.node.management_url or "")
    variables = {"GATEWAY_BROKER__MANAGEMENT_URL": f"http://operator:operator-password@{at.hostname}:{at.port}"}
    checked = await gateway(production.folder / "gateway", "topology", "check", "--json", variables=variables)
    assert (checked.code, {row["drift"] for row in checked.json}) == (0, {"none"}), checked.out


async def test_without_passwords_no_users_are_made_and_that_is_said(tmp_path: Path) -> None:
    settings("amqp://gateway@127.0.0.1/", tmp_path, "http://127.0.0.1:9")
    done = await gateway(tmp_path, "topology", "definitions")
    assert done.code == 0
    assert done.json["users"] == done.json["permissions"] == []
    assert "--passwords" in done.err
    (tmp_path / "none").mkdir()
    done = await gateway(tmp_path, "topology", "definitions", "--passwords", "none")
    assert done.code == 2
    assert "publisher" in done.err


def test_no_user_but_the_gateway_can_read_events_or_write_results() -> None:
    for name, user in users(declare=False).items():
        if name != "gateway":
            assert "events" not in user.rights.read
            assert "results" not in user.rights.write or user.rights.write == user.rights.configure
