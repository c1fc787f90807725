"""What the doctor makes of what it sees, and its way to a platform over real sockets."""

import asyncio
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.stack import free_port
from gateway.account import Account, AccountSettings
from gateway.doctor import Finding, broker, credentials, ledger, network
from gateway.ledger import open_ledger
from gateway.ledger.migrating import LATEST
from gateway.platform import Certificate


class Settings(AccountSettings):
    base_url: str | None = None


def account(**settings: Any) -> Account:
    return Account("toy_land", "default", Settings(**settings))


async def on_the_way(**settings: Any) -> dict[str, Finding]:
    return {finding.what: finding for finding in await network.examine(account(**settings))}


# --- the way to a platform


@pytest.mark.parametrize(("seconds", "state"), [(600, "bad"), (-600, "bad"), (100, "warning"), (0, "good")])
async def test_a_clock_that_is_off_is_told_with_what_to_do(seconds: int, state: str) -> None:
    async def date(request: web.Request, response: web.StreamResponse) -> None:
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        response.headers["Date"] = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")

    async with serving(web.Application(), date) as url:
        clock = (await on_the_way(base_url=url))["clock"]
    assert clock.state == state
    assert ("NTP" in clock.remedy) == (state != "good")
    assert ("ahead of" if seconds > 0 else "behind") in clock.found or seconds == 0


@pytest.mark.parametrize(
    ("settings", "found", "remedy"),
    [
        ({"base_url": "http://no-such-host.invalid"}, "the name cannot be resolved", "DNS"),
        ({"base_url": "http://127.0.0.1:9", "source_address": "192.0.2.1"}, "none of this machine's", "出口地址"),
        ({"base_url": f"http://127.0.0.1:{free_port()}"}, "no connection", "白名单"),
    ],
    ids=["name", "source", "port"],
)
async def test_each_obstacle_on_the_way_has_its_own_remedy(settings: dict[str, str], found: str, remedy: str) -> None:
    way = (await on_the_way(**settings))["platform"]
    assert way.state == "bad"
    assert found in way.found
    assert remedy in way.remedy


async def test_the_platforms_own_certificate_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, authority = certified(tmp_path, days=5)
    async with serving(web.Application(), tls=context) as url:
        named = url.replace("127.0.0.1", "localhost")
        strange = (await on_the_way(base_url=named))["platform"]
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        known = (await on_the_way(base_url=named))["platform"]
    assert "no TLS" in strange.found
    assert "self-signed" in strange.found
    assert known.state == "warning"
    assert "its TLS certificate ends in 4 days" in known.found


async def test_an_account_without_an_address_is_not_checked() -> None:
    assert (await on_the_way())["platform"].state == "not checked"


# --- ledger


async def test_a_ledger_of_an_earlier_release_is_not_changed_by_looking(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    async with open_ledger(f"sqlite:///{file}"):
        pass
    await asyncio.to_thread(revise, file, "UPDATE alembic_version SET version_num = '0002'")
    found = (await ledger.examine(f"sqlite:///{file}", []))[0]
    assert found.state == "warning"
    assert found.found == f"has revision 0002, this release wants {LATEST}"
    kept = await asyncio.to_thread(revise, file, "SELECT version_num FROM alembic_version")
    assert kept == [("0002",)]


async def test_a_ledger_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "gateway.db").write_text("no ledger")
    found = (await ledger.examine(f"sqlite:///{tmp_path / 'gateway.db'}", []))[0]
    assert (found.state, found.found) == ("bad", "the ledger's file is no ledger")
    away = (await ledger.examine(f"sqlite:///{tmp_path / 'no' / 'gateway.db'}", []))[1]
    assert (away.what, away.state) == ("ledger disk", "bad")


@pytest.mark.parametrize(("mebibytes", "state"), [(99, "bad"), (100, "warning"), (1023, "warning"), (1024, "good")])
def test_a_ledger_short_of_room_is_told_before_it_is_full(mebibytes: int, state: str) -> None:
    assert ledger.judge_room(mebibytes).state == state


# --- broker


@pytest.mark.parametrize(
    ("product", "version", "state"),
    [
        ("RabbitMQ", "3.9.29", "warning"),
        ("RabbitMQ", "3.10.8", "good"),
        ("RabbitMQ", "4.3.0", "good"),
        ("RabbitMQ", "5.0.0", "warning"),
        ("LavinMQ", "4.0.0", "warning"),
        ("RabbitMQ", "", "warning"),
    ],
)
def test_a_broker_that_was_not_tested_with_is_a_warning(product: str, version: str, state: str) -> None:
    assert broker.judge_version({"product": product, "version": version}).state == state


def test_feature_flags_that_are_off_are_named_and_without_quorum_queues_nothing_works() -> None:
    quorum = {"name": "quorum_queue", "state": "enabled", "stability": "stable"}
    other = {"name": "user_limits", "state": "disabled", "stability": "stable"}
    trial = {"name": "khepri_db", "state": "disabled", "stability": "experimental"}
    assert broker.judge_flags([quorum, trial]).state == "good"
    assert broker.judge_flags([quorum, other]).found == "user_limits is not enabled"
    assert broker.judge_flags([{**quorum, "state": "disabled"}, other]).state == "bad"


def test_only_a_policy_that_loses_messages_is_bad() -> None:
    def judged(definition: dict[str, Any], arguments: dict[str, Any], kind: str = "policy") -> Finding:
        queues = {"gateway.a.b.dead": {kind: "p", "arguments": arguments}, "other": {kind: "p", "arguments": {}}}
        known = {"p": definition}
        return broker.judge_policies(queues, *((known, {}) if kind == "policy" else ({}, known)))

    refusing = {"x-overflow": "reject-publish"}
    assert judged({"max-length": 5}, {}).found == "gateway.a.b.dead: policy p sets max-length"
    assert judged({"max-length": 5}, refusing).state == "good"
    assert judged({"max-length": 5, "overflow": "reject-publish"}, {}).state == "good"
    assert judged({"message-ttl": 5}, refusing).state == "bad"
    assert judged({"message-ttl": 5}, {"x-message-ttl": 1}).state == "good"
    assert judged({"expires": 5}, refusing, "operator_policy").state == "bad"
    assert judged({"target-group-size": 3}, {}).state == "good"


# --- certificates


@pytest.mark.parametrize(("days", "state"), [(-1, "bad"), (0, "bad"), (29, "warning"), (31, "good")])
def test_a_certificate_that_ends_is_told_a_month_before(days: int, state: str) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    certificate = Certificate("certificate_file", now + timedelta(days=days))
    found = credentials.judge_certificate("toy_land.default", certificate, now)
    assert found.state == state
    assert certificate.ends.date().isoformat() in found.found


def revise(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as connection, connection:
        return connection.execute(statement).fetchall()


@asynccontextmanager
async def serving(app: web.Application, prepare: Any = None, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server on loopback; gives its base address."""
    if prepare is not None:
        app.on_response_prepare.append(prepare)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def certified(folder: Path, days: int) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for localhost, self-signed for so many days; and the file to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC) - timedelta(minutes=5)
    ends = now + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file, private = folder / "server.pem", folder / "server.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return context, file
