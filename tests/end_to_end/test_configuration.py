"""A wrong configuration is refused at start, each wrong key in a line of its own, and no secret is shown."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.commands import gateway

SECRET = "geheim-0123456789"

ACCOUNT = f"""
[platforms.gd_accounting.default]
base_url = "http://127.0.0.1:1/"
app_id = "school"
secret = "{SECRET}"
"""


@dataclass(frozen=True)
class Wrong:
    """A configuration file, and what the refusal must name, a line for each."""

    text: str
    named: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)


def account(name: str, *changes: tuple[str, str]) -> str:
    """A table of an account, with pieces of its text replaced."""
    text = ACCOUNT.replace("default", name)
    for old, new in changes:
        text = text.replace(old, new)
    return text


TABLES = f"""
[broker]
url = "http://a:{SECRET}@h/"
urll = "amqp://a:{SECRET}@h/"
[brokers]
[retry]
ladder_seconds = []
[platforms.gd_accounting]
default = "{SECRET}"
"""

ACCOUNTS = "".join(
    [
        "[platforms.gd_accounting.empty]\n",
        account("a", ("app_id", "appid = 'x'\napp_id")),
        account("b", ("secret =", "max_in_flight = 0\nsecret =")),
        account("c", ("secret =", "secret_file =")),
        account("d", ("gd_accounting", "gx_accounting")),
        account("e", ("http://", "ftp://")),
    ]
)

ACCOUNTS_NAMED = (
    "platforms.gd_accounting.empty.base_url",
    "platforms.gd_accounting.empty.app_id",
    "platforms.gd_accounting.empty.secret",
    "platforms.gd_accounting.a.appid",
    "platforms.gd_accounting.b.max_in_flight",
    "platforms.gd_accounting.c",
    "platforms.gx_accounting",
    "platforms.gd_accounting.e.base_url",
)

CASES = {
    "tables and keys": Wrong(
        TABLES,
        ("broker.url:", "broker.urll", "brokers", "retry.ladder_seconds", "http.port", "platforms.gd_accounting"),
        {"GATEWAY_HTTP__PORT": "many"},
    ),
    "accounts": Wrong(ACCOUNTS, ACCOUNTS_NAMED),
    "a broker's port that is none": Wrong(f'[broker]\nurl = "amqp://a:{SECRET}@h:port/"\n{ACCOUNT}', ("broker.url",)),
    "an account whose name no routing key can carry": Wrong(account('"Schule Süd.1"'), ("platforms.gd_accounting",)),
    "platforms that are no table": Wrong("platforms = 5", ("platforms",)),
    "no TOML": Wrong(f"[broker\nurl = '{SECRET}'", ("gateway.toml",)),
    "no text": Wrong("\udcff\udcfe", ("gateway.toml",)),
    "no account": Wrong("", ("platforms",)),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_wrong_configuration_is_refused_with_each_wrong_key_in_a_line_and_without_secrets(
    case: str, tmp_path: Path
) -> None:
    wrong = CASES[case]
    (tmp_path / "gateway.toml").write_bytes(wrong.text.encode(errors="surrogateescape"))
    done = await gateway(tmp_path, "run", variables=wrong.variables)
    assert (done.code, done.out) == (2, ""), done.err
    assert "Traceback" not in done.err
    assert SECRET not in done.err
    lines = done.err.splitlines()
    assert len(lines) == len(wrong.named), done.err
    for name in wrong.named:
        assert [line for line in lines if name in line] != [], (name, done.err)


async def test_a_file_that_was_named_and_is_missing_is_refused_by_every_command(tmp_path: Path) -> None:
    commands = (("run",), ("dead", "list"), ("resume", "gd_accounting"))
    done = await asyncio.gather(
        *(gateway(tmp_path, *command, "--config", "elsewhere.toml") for command in commands),
        gateway(tmp_path, "run", variables={"GATEWAY_CONFIG": "elsewhere.toml"}),
    )
    for each in done:
        assert (each.code, each.out) == (2, "")
        assert each.err == "gateway: configuration file elsewhere.toml does not exist\n"


async def test_a_worker_for_an_account_that_is_not_configured_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(ACCOUNT, encoding="utf-8")
    done = await gateway(tmp_path, "worker", "gd_accounting.second")
    assert done.code == 2
    assert done.err == (
        "gateway: no account 'gd_accounting.second' is configured; configured: gd_accounting.default\n"
    )


async def test_help_lists_every_command_and_each_has_help(tmp_path: Path) -> None:
    top = await gateway(tmp_path, "--help")
    commands = ("run", "worker", "serve", "sandbox", "resume", "publish", "trace", "dead", "topology")
    assert top.code == 0
    for command in commands:
        assert f" {command} " in top.out
    dead, topology = await asyncio.gather(*(gateway(tmp_path, group, "--help") for group in ("dead", "topology")))
    assert all(f" {command} " in dead.out for command in ("list", "show", "replay"))
    assert all(f" {command} " in topology.out for command in ("declare", "check"))


async def test_a_ledger_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text(
        f'[ledger]\nurl = "sqlite:///{tmp_path}/no/such/folder/gateway.db"\n{ACCOUNT}', encoding="utf-8"
    )
    done = await gateway(tmp_path, "trace", "x")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "ledger" in done.err
