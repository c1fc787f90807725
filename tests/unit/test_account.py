"""What every account has, secrets in files, and the fingerprint that tells whether the settings changed."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from gateway.account import Account, AccountSettings

SECRET = "top-secret-value"


class Toy(AccountSettings):
    """A platform's settings: a secret, and a field whose own name ends in _file."""

    secret: SecretStr = SecretStr("")
    key: str = ""
    licence_file: str = ""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """As an editor or `echo` leaves it: with the end of a line."""
    path = tmp_path / "secret.txt"
    path.write_text(f"  {SECRET}\n\n", encoding="utf-8")
    return path


def settings(**values: object) -> Toy:
    return Toy.model_validate(values)


def test_an_account_works_without_any_key_of_the_common_ones() -> None:
    common = AccountSettings()
    assert (common.rate_per_second, common.max_in_flight, common.interactive_slots) == (None, 50, 10)
    assert (common.source_address, common.timeout_seconds, common.pause_seconds) == (None, 30, 60)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate_per_second", 0),
        ("rate_per_second", -1),
        ("max_in_flight", 0),
        ("max_in_flight", 1001),
        ("interactive_slots", 0),
        ("source_address", "nowhere"),
        ("timeout_seconds", 0),
        ("timeout_seconds", 601),
        ("pause_seconds", 0),
        ("unheard_of", 1),
        ("unheard_of_file", "x"),
    ],
)
def test_a_key_out_of_bounds_or_unknown_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**{key: value})
    assert [error["loc"] for error in caught.value.errors()] == [(key,)]


def test_a_secret_may_stand_in_a_file_of_its_own(file: Path) -> None:
    assert settings(secret_file=str(file)).secret.get_secret_value() == SECRET


def test_any_key_may_stand_in_a_file(file: Path) -> None:
    assert settings(key_file=str(file)).key == SECRET
    file.write_text("7\n", encoding="utf-8")
    assert settings(max_in_flight_file=str(file)).max_in_flight == 7


def test_a_key_whose_own_name_ends_so_is_no_file_to_be_read(file: Path) -> None:
    assert settings(licence_file=str(file)).licence_file == str(file)


def refusal(**values: object) -> str:
    """Key and message of each error, without the input that pydantic would quote."""
    with pytest.raises(ValidationError) as caught:
        settings(**values)
    return "; ".join(f"{error['loc']} {error['msg']}" for error in caught.value.errors())


@pytest.mark.parametrize(
    ("name", "why"), [("missing.txt", "No such file or directory"), (".", "Is a directory"), ("a/b", "No such")]
)
def test_a_file_that_cannot_be_read_is_refused_with_its_key_and_the_reason(
    tmp_path: Path, name: str, why: str
) -> None:
    assert f"secret_file: cannot be read: {why}" in refusal(secret_file=str(tmp_path / name))


@pytest.mark.parametrize("value", [5, None, ["a"], True, {"a": 1}])
def test_a_file_that_is_no_path_is_refused_with_its_key(value: object) -> None:
    assert "secret_file" in refusal(secret_file=value)


def test_a_file_that_is_no_text_is_refused_with_its_key(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00")
    assert "secret_file" in refusal(secret_file=str(file))


def account(**values: object) -> Account:
    return Account("toy_land", "default", settings(**values))


def test_an_account_is_called_by_platform_and_name() -> None:
    assert str(account()) == "toy_land.default"


@pytest.mark.parametrize(
    "changed", [{"secret": "other"}, {"key": "k"}, {"max_in_flight": 51}, {"rate_per_second": 1}]
)
def test_the_fingerprint_changes_with_every_setting_and_with_nothing_else(changed: dict[str, object]) -> None:
    assert account(secret=SECRET).fingerprint() == account(secret=SECRET).fingerprint()
    assert account(**{"secret": SECRET} | changed).fingerprint() != account(secret=SECRET).fingerprint()


def test_a_secret_from_a_file_has_the_fingerprint_of_the_secret(file: Path) -> None:
    assert account(secret_file=str(file)).fingerprint() == account(secret=SECRET).fingerprint()


def test_neither_an_account_nor_its_settings_show_the_secret() -> None:
    shown = account(secret=SECRET)
    assert SECRET not in f"{shown!r} {shown} {shown.settings!r} {shown.settings}"
