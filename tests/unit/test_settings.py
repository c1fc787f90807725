"""The configuration: one file, the environment before it, and refusals that name the key and not the value."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

import workers
from gateway import platform, settings
from gateway.account import AccountSettings
from gateway.settings import ConfigError, Settings

SECRET = "top-secret-value"
PREFIX = "GATEWAY_PLATFORMS__TOY_LAND__DEFAULT__"
ACCOUNT = f'[platforms.toy_land.default]\nurl = "https://toy"\nsecret = "{SECRET}"\n'


class Toy(AccountSettings):
    url: str
    secret: SecretStr


class Strict(AccountSettings):
    number: int


Load = Callable[[str], Settings]


@pytest.fixture(autouse=True)
def _clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory, no GATEWAY_… variables, and the toy platforms."""
    for name in [name for name in os.environ if name.upper().startswith("GATEWAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    made = {name: _platform(name, model) for name, model in (("toy_land", Toy), ("strict_land", Strict))}
    for name in made:
        (tmp_path / "workers" / name).mkdir(parents=True)
        (tmp_path / "workers" / name / "__init__.py").touch()
    monkeypatch.setattr(workers, "__path__", [str(tmp_path / "workers")])
    real = platform.load
    monkeypatch.setattr(platform, "load", lambda name: made[name] if name in made else real(name))


def _platform(name: str, model: type[AccountSettings]) -> platform.Platform:
    def client(_: platform.Context) -> None:
        raise NotImplementedError

    return platform.Platform(name=name, title=name, settings=model, client=client, operations={})  # type: ignore[arg-type]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_text(text: str) -> Settings:
        file = tmp_path / "given.toml"
        file.write_text(text, encoding="utf-8")
        return settings.load(file)

    return load_text


def refusal(load: Load, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        settings.accounts(load(text))
    return str(caught.value)


# --- where it comes from


def test_without_any_configuration_everything_has_its_default() -> None:
    made = settings.load(None)
    assert made.broker.url == "amqp://guest:guest@127.0.0.1:5672/"
    assert (made.ledger.url, made.http.host, made.http.port) == ("sqlite:///gateway.db", "127.0.0.1", 8080)
    assert made.retry.ladder_seconds == (5, 30, 120, 600, 3600)
    assert (made.broker.declare, made.log.format, settings.accounts(made)) == (True, "auto", [])


def test_the_file_named_goes_before_the_environments_and_that_before_the_one_that_lies_there(
    tmp_path: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gateway.toml").write_text("[http]\nport = 1\n")
    assert settings.load(None).http.port == 1
    (tmp_path / "environments.toml").write_text("[http]\nport = 2\n")
    monkeypatch.setenv("GATEWAY_CONFIG", str(tmp_path / "environments.toml"))
    assert settings.load(None).http.port == 2
    assert load("[http]\nport = 3").http.port == 3


@pytest.mark.parametrize("by_environment", [True, False])
def test_a_file_that_was_named_and_is_missing_is_refused(
    tmp_path: Path, by_environment: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing.toml"
    if by_environment:
        monkeypatch.setenv("GATEWAY_CONFIG", str(missing))
    with pytest.raises(ConfigError, match=r"configuration file missing\.toml does not exist"):
        settings.load(None if by_environment else missing)


@pytest.mark.parametrize(
    ("variable", "value", "key", "expected"),
    [
        ("GATEWAY_BROKER__URL", "amqps://rabbit/", "broker.url", "amqps://rabbit/"),
        ("GATEWAY_BROKER__DECLARE", "false", "broker.declare", False),
        ("GATEWAY_BROKER", '{"url": "amqp://json/"}', "broker.url", "amqp://json/"),
        ("GATEWAY_HTTP__PORT", "0", "http.port", 0),
        ("GATEWAY_RETRY__LADDER_SECONDS", "[1, 2]", "retry.ladder_seconds", (1, 2)),
        ("gateway_log__level", "debug", "log.level", "debug"),
    ],
)
def test_every_key_may_be_an_environment_variable_which_goes_before_the_file(
    load: Load, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, key: str, expected: object
) -> None:
    monkeypatch.setenv(variable, value)
    table, name = key.split(".")
    text = '[broker]\nurl = "amqp://file/"\n[http]\nport = 9\n[retry]\nladder_seconds = [9]\n[log]\nlevel = "error"\n'
    assert getattr(getattr(load(text), table), name) == expected


def only(made: Settings) -> Toy:
    (account,) = settings.accounts(made)
    assert isinstance(account.settings, Toy)
    return account.settings


@pytest.mark.parametrize("value", ["10086", "true", "null", "1e5", '{"a": 1}', "0012", SECRET])
def test_an_accounts_secret_in_the_environment_is_the_text_it_is(
    load: Load, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}SECRET", value)
    assert only(load(ACCOUNT)).secret.get_secret_value() == value


def test_an_account_may_stand_in_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in (("URL", "https://env"), ("SECRET", SECRET), ("MAX_IN_FLIGHT", "7")):
        monkeypatch.setenv(f"{PREFIX}{key}", value)
    made = only(settings.load(None))
    assert (made.url, made.secret.get_secret_value(), made.max_in_flight) == ("https://env", SECRET, 7)


def test_a_secret_in_the_environment_goes_before_a_file_of_the_configuration(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    text = ACCOUNT.replace(f'secret = "{SECRET}"', f'secret_file = "{tmp_path / "secret"}"')
    assert only(load(text)).secret.get_secret_value() == "from the file"
    monkeypatch.setenv(f"{PREFIX}SECRET", SECRET)
    assert only(load(text)).secret.get_secret_value() == SECRET


def test_a_secret_file_in_the_environment_goes_before_the_configuration(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(f"{PREFIX}SECRET_FILE", str(tmp_path / "secret"))
    assert only(load(ACCOUNT)).secret.get_secret_value() == "from the file"


# --- accounts


def test_one_platform_may_have_several_accounts(load: Load) -> None:
    found = settings.accounts(load(ACCOUNT + ACCOUNT.replace("default", "school-2")))
    assert [str(account) for account in found] == ["toy_land.default", "toy_land.school-2"]


def test_every_wrong_key_of_every_account_is_named_at_once(load: Load) -> None:
    text = "[platforms.toy_land.a]\n[platforms.strict_land.b]\nnumber = 'x'\nnope = 1\n[platforms.nowhere.c]\n"
    lines = refusal(load, text).splitlines()
    assert lines[:4] == [
        "platforms.toy_land.a.url: Field required",
        "platforms.toy_land.a.secret: Field required",
        "platforms.strict_land.b.number: Input should be a valid integer, unable to parse string as an integer",
        "platforms.strict_land.b.nope: Extra inputs are not permitted",
    ]
    assert lines[4].startswith("platforms.nowhere: there is no platform 'nowhere'; known: strict_land, toy_land")


@pytest.mark.parametrize("name", ["*", "#", "A", "a.b", "学校", "", "a" * 65, "-a", "a b"])
def test_an_account_that_no_event_could_name_is_refused(load: Load, name: str) -> None:
    """It becomes a word of routing keys; `*` would take every other account's events."""
    assert "platforms.toy_land" in refusal(load, ACCOUNT.replace("default", f'"{name}"'))


# --- refusals


REFUSED = [
    ("[broker]\nurl = '{}'", "broker.url: Value error, must start with amqp:// or amqps://"),
    ("[broker]\nmanagement_url = '{}'", "broker.management_url: Value error, must start with http:// or https://"),
    ("[broker]\ndeclare = '{}'", "broker.declare: Input should be a valid boolean"),
    ("[broker]\nheartbeat_seconds = 0", "broker.heartbeat_seconds: Input should be greater than or equal to 1"),
    ("[broker]\nnope = '{}'", "broker.nope: Extra inputs are not permitted"),
    ("broker = '{}'", "broker: Input should be a valid dictionary"),
    ("[ledger]\nurl = 'mysql://u:{}@h/d'", "ledger.url: Value error, must start with sqlite://"),
    ("[ledger]\nkeep_days = 0 # {}", "ledger.keep_days: Input should be greater than or equal to 1"),
    ("[http]\nport = 65536", "http.port: Input should be less than or equal to 65535"),
    ("[http]\nport = '{}'", "http.port: Input should be a valid integer"),
    ("[retry]\nladder_seconds = []", "retry.ladder_seconds: Tuple should have at least 1 item"),
    ("[retry]\nladder_seconds = [5, 0]", "retry.ladder_seconds.1: Input should be greater than or equal to 1"),
    ("[retry]\nladder_seconds = '{}'", "retry.ladder_seconds: Input should be a valid tuple"),
    ("[log]\nformat = '{}'", "log.format: Input should be 'auto', 'json' or 'console'"),
    ("[log]\nlevel = '{}'", "log.level: Input should be 'debug', 'info', 'warning' or 'error'"),
    ("nope = '{}'", "nope: Extra inputs are not permitted"),
    ("platforms = '{}'", "platforms: Input should be a valid dictionary"),
    ("[platforms]\ntoy_land = '{}'", "platforms.toy_land: Input should be a valid dictionary"),
    ("[platforms.toy_land]\nsecret = '{}'", "platforms.toy_land.secret: Input should be a valid dictionary"),
    ("[platforms.toy_land.a]\nurl = 5\nsecret = ['{}']", "platforms.toy_land.a.url: Input should be a valid string"),
    ("[platforms.toy_land.a]\nurl = 'x'\nsecret = ['{}']", "platforms.toy_land.a.secret: Input should be a valid"),
    ("[platforms.toy_land.a]\nurl = 'x'\nsecret_file = '/no/{}'", "secret_file: cannot be read: No such file"),
    ("[platforms.toy_land.a]\nurl = 'x'\nsecret_file = 5", "secret_file"),
    ("[broker\nurl = '{}'", "given.toml: Expected ']' at the end of a table declaration (at line 1"),
    ("secret = '{}", "given.toml: "),
    ("secret = {}", "given.toml: "),
]


@pytest.mark.parametrize(("text", "said"), REFUSED)
def test_a_refusal_names_the_key_and_what_is_expected_and_never_the_value(load: Load, text: str, said: str) -> None:
    message = refusal(load, text.replace("{}", SECRET))
    assert said in message
    assert SECRET not in message


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GATEWAY_BROKER", f"{{{SECRET}", "broker"),
        ("GATEWAY_BROKER__URL", SECRET, "broker.url: Value error, must start with amqp"),
        ("GATEWAY_BROKER__NOPE", SECRET, "broker.nope: Extra inputs"),
        ("GATEWAY_HTTP__PORT", SECRET, "http.port: Input should be a valid integer"),
        ("GATEWAY_RETRY__LADDER_SECONDS", f"1,{SECRET}", "retry"),
        ("GATEWAY_PLATFORMS", SECRET, "platforms"),
        ("GATEWAY_PLATFORMS__TOY_LAND", SECRET, "platforms.toy_land: Input should be a valid dictionary"),
        ("GATEWAY_PLATFORMS__STRICT_LAND__DEFAULT__NUMBER", SECRET, "platforms.strict_land.default.number: Input"),
    ],
)
def test_an_environment_variable_is_refused_the_same_way(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        settings.accounts(settings.load(None))
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_text_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe" + SECRET.encode())
    with pytest.raises(ConfigError, match=r"^binary\.toml: ") as caught:
        settings.load(tmp_path / "binary.toml")
    assert SECRET not in str(caught.value)


def test_a_url_with_its_password_may_come_from_a_file_which_systemd_names(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gateway_broker").write_text("amqp://gateway:geheim@rabbit/\n")
    (tmp_path / "secret").write_text(SECRET)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    text = ACCOUNT.replace(f'secret = "{SECRET}"', 'secret_file = "$CREDENTIALS_DIRECTORY/secret"')
    made = load('[broker]\nurl_file = "$CREDENTIALS_DIRECTORY/gateway_broker"\n' + text)
    assert made.broker.url == "amqp://gateway:geheim@rabbit/"
    (account,) = settings.accounts(made)
    assert account.secrets() == {SECRET}
    monkeypatch.setenv("GATEWAY_LEDGER__URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(ConfigError, match=r"^ledger: .*url_file: cannot be read: No such file"):
        load("")
