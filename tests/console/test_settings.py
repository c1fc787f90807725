"""Whether the console is served at all, its users in the settings, and the command that makes their hashes."""

from pathlib import Path
from typing import Any

import pytest

from deploy.local.stack import toml
from gateway.console.passwords import Passwords
from gateway.console.settings import Console
from gateway.settings import ConfigError, Settings, load
from tests.console.house import PASSWORDS, USERS, configured, house
from tests.support.commands import gateway


def loaded(folder: Path, console: dict[str, Any], host: str = "127.0.0.1") -> Settings:
    ledger = {"url": f"sqlite:///{folder / 'gateway.db'}"}
    account = {"base_url": "http://127.0.0.1:9", "app_id": "app", "secret": "not-a-secret"}
    tables = {
        "ledger": ledger,
        "http": {"host": host},
        "console": console,
        "platforms": {"gd_accounting": {"a": account}},
    }
    file = folder / "gateway.toml"
    file.write_text(toml(tables), encoding="utf-8")
    return load(file)


@pytest.mark.parametrize(
    ("host", "enabled", "served"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("gateway.internal", None, False),
        ("10.0.0.5", None, False),
        ("10.0.0.5", True, True),
        ("127.0.0.1", False, False),
    ],
)
def test_beyond_loopback_the_console_is_served_only_where_it_is_enabled(
    host: str, enabled: bool | None, served: bool
) -> None:
    assert Console(enabled=enabled).served_at(host) is served


async def test_a_gateway_that_all_can_reach_shows_no_console_by_itself(tmp_path: Path) -> None:
    cases: tuple[tuple[dict[str, Any], int], ...] = (({}, 404), ({"enabled": True}, 200), ({"enabled": False}, 404))
    for keys, status in cases:
        settings = configured(tmp_path, host="0.0.0.0", **keys)
        async with house(settings) as served, served.visitor() as visitor:
            assert (await visitor.get("/login")).status == status


def test_enabled_beyond_loopback_it_needs_users(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"console\.enabled needs \[console\.users"):
        loaded(tmp_path, {"enabled": True}, host="0.0.0.0")
    assert loaded(tmp_path, {"enabled": True, "users": USERS}, host="0.0.0.0").console.users


@pytest.mark.parametrize("kept", [PASSWORDS["anna"], "$argon2id$v=19$broken", "$2b$12$abcdefghijklmnopqrstuv", ""])
def test_what_is_no_hash_is_refused_by_name_and_not_shown(tmp_path: Path, kept: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, {"users": {"anna": {"password_hash": kept}}})
    assert "console.users.anna.password_hash" in str(refused.value)
    assert "gateway console hash" in str(refused.value)
    assert not kept or kept not in str(refused.value)


@pytest.mark.parametrize("name", ["Anna", "anna.b", "-anna", "a b", "a" * 33])
def test_a_name_that_no_cookie_can_carry_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"console\.users"):
        loaded(tmp_path, {"users": {name: USERS["anna"]}})


def test_a_role_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"console\.users\.anna\.role"):
        loaded(tmp_path, {"users": {"anna": {**USERS["anna"], "role": "root"}}})


async def test_the_command_makes_a_hash_that_the_settings_take(tmp_path: Path) -> None:
    made = await gateway(tmp_path, "console", "hash", stdin="correct horse 密码\n".encode())
    assert made.code == 0
    hashed = made.out.strip()
    assert hashed.startswith("$argon2id$")
    users = loaded(tmp_path, {"users": {"anna": {"password_hash": hashed}}}).console.users
    assert users["anna"].role == "viewer"
    passwords = Passwords(users)
    assert await passwords.right("anna", "correct horse 密码")
    assert not await passwords.right("anna", "correct horse")
    assert not await passwords.right("nobody", "correct horse 密码")


async def test_a_short_password_is_refused_and_not_shown(tmp_path: Path) -> None:
    refused = await gateway(tmp_path, "console", "hash", stdin=b"short\n")
    assert refused.code == 2
    assert refused.err.strip() == "gateway: the password has 5 characters: take 12 to 1024"
