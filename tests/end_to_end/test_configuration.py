"""A wrong configuration is refused at start, each wrong key in a line of its own, and no secret is shown."""

import asyncio
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
    """A configuration file, what the refusal must name, and in how many lines."""

    text: str
    named: tuple[str, ...]
    lines: int = 1
    variables: dict[str, str] = field(default_factory=dict)


CASES = {
    "a key that there is not": Wrong(f'[broker]\nurll = "amqp://a:{SECRET}@h/"\n{ACCOUNT}', ("broker.urll",)),
    "a table that there is not": Wrong(f"[brokers]\n{ACCOUNT}", ("brokers",)),
    "a broker that is none": Wrong(f'[broker]\nurl = "http://a:{SECRET}@h/"\n{ACCOUNT}', ("broker.url", "amqp")),
    "a broker's port that is none": Wrong(f'[broker]\nurl = "amqp://a:{SECRET}@h:port/"\n{ACCOUNT}', ("broker.url",)),
    "an account without its keys": Wrong(
        "[platforms.gd_accounting.default]\n",
        tuple(f"platforms.gd_accounting.default.{key}" for key in ("base_url", "app_id", "secret")),
        3,
    ),
    "an account with a wrong key": Wrong(
        f"{ACCOUNT}max_inflight = 5\n", ("platforms.gd_accounting.default.max_inflight",)
    ),
    "an account with a wrong value": Wrong(
        f"{ACCOUNT}max_in_flight = 0\n", ("platforms.gd_accounting.default.max_in_flight", "1")
    ),
    "a secret's file that is missing": Wrong(
        ACCOUNT.replace("secret =", "secret_file ="), ("platforms.gd_accounting.default", "secret_file")
    ),
    "a platform that there is not": Wrong(
        f"[platforms.gx_accounting.default]\n{ACCOUNT}", ("platforms.gx_accounting", "gd_accounting")
    ),
    "a platform that is no table": Wrong("platforms = 5", ("platforms",)),
    "an account that is no table": Wrong(
        '[platforms.gd_accounting]\ndefault = "x"', ("platforms.gd_accounting.default",)
    ),
    "no TOML": Wrong(f"[broker\nurl = '{SECRET}'", ("gateway.toml", "line 1")),
    "no text": Wrong("\udcff\udcfe", ("gateway.toml",)),
    "a ladder without rungs": Wrong(f"[retry]\nladder_seconds = []\n{ACCOUNT}", ("retry.ladder_seconds",)),
    "a wrong key in the environment": Wrong(ACCOUNT, ("http.port",), variables={"GATEWAY_HTTP__PORT": "many"}),
    "no account": Wrong("", ("platforms",)),
    "an account whose name no routing key can carry": Wrong(
        ACCOUNT.replace("default", '"Schule Süd.1"'), ("platforms.gd_accounting",)
    ),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str]]:
    """All cases at once: exit code, standard output and error of `gateway run`."""
    folder = tmp_path_factory.mktemp("configurations")
    return asyncio.run(_refusals(folder))


async def _refusals(folder: Path) -> dict[str, tuple[int, str, str]]:
    few = asyncio.Semaphore(4)

    async def run(number: int, wrong: Wrong) -> tuple[int, str, str]:
        own = folder / str(number)
        own.mkdir()
        (own / "gateway.toml").write_bytes(wrong.text.encode(errors="surrogateescape"))
        async with few:
            done = await gateway(own, "run", "--config", "gateway.toml", **wrong.variables)
        return done.code, done.out, done.err

    found = await asyncio.gather(*(run(number, wrong) for number, wrong in enumerate(CASES.values())))
    return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_configuration_is_refused_with_the_key_and_what_is_expected(
    case: str, refusals: dict[str, tuple[int, str, str]]
) -> None:
    code, out, err = refusals[case]
    assert (code, out) == (2, ""), err
    assert "Traceback" not in err
    assert SECRET not in err
    assert len(err.splitlines()) == CASES[case].lines, err
    for word in CASES[case].named:
        assert word in err, err


async def test_a_file_that_was_named_and_is_missing_is_refused_by_every_command(tmp_path: Path) -> None:
    commands = (("run",), ("topology", "check"), ("dead", "list"), ("trace", "x"), ("resume", "gd_accounting"))
    done = await asyncio.gather(
        *(gateway(tmp_path, *command, "--config", "elsewhere.toml") for command in commands),
        gateway(tmp_path, "run", GATEWAY_CONFIG="elsewhere.toml"),
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
