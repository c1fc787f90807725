from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.account import Account
from gateway.settings import explain
from tests.platforms.gd_ecert.bench import TOKEN, account
from workers.gd_ecert.settings import LICENCES, Settings


def wrong(**changes: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        account(**changes)
    return explain(refused.value)


def test_what_the_document_leaves_open_has_these_defaults() -> None:
    settings = Settings.model_validate({"environment": "production", "services": {"apply": {"path": "x"}}})
    service = settings.services["apply"]
    assert (settings.timeout_seconds, settings.header_prefix, settings.empty_user) == (15, "x-tif-", "plain")
    assert (settings.body_limit, settings.inbound_services) == (8 * 2**20, ())
    assert (service.kind, service.method, service.repeat, service.body_format) == ("service", "POST", "never", "json")
    assert (service.success_field, service.success_values, service.other_codes) == ("errcode", ("0", "BIS:10200"), {})
    assert service.placement == {}


def test_licence_services_have_their_own_defaults_but_no_path() -> None:
    settings = account(services={name: {} for name in LICENCES})
    for name, service in settings.services.items():
        assert (service.path, service.passid, service.repeat) == (None, "dzzz_convergence-service", "idempotent")
        assert (service.success_field, service.success_values) == ("ack_code", ("SUCCESS",))
        assert service.other_codes == {"FAILURE": "rejected"}
        assert service.method == ("POST" if name == "licence-auth" else "GET")
    changed = account(services={"licence-get": {"path": "x", "success_values": ["OK"], "passid": "p"}})
    assert changed.services["licence-get"].success_values == ("OK",)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"environment": "staging"}, "environment"),
        ({"base_url": "gateway.example"}, "base_url"),
        ({"base_url": "https://gateway.example/?a=1"}, "base_url"),
        ({"paas_id": "yst/../x"}, "paas_id"),
        ({"paas_token": ""}, "paas_token"),
        ({"header_prefix": "x tif"}, "header_prefix"),
        ({"header_prefix": "x-tif"}, "header_prefix"),
        ({"system_id": "a\r\nb"}, "system_id"),
        ({"unknown": 1}, "unknown"),
        ({"services": {"a b": {}}}, "services.a b"),
        ({"services": {"apply": {"path": "x", "url": "y"}}}, "services.apply.url"),
        ({"services": {"apply": {"path": "x?a=1"}}}, "services.apply.path"),
        ({"services": {"apply": {"path": "x", "gateway_path": "y"}}}, "exclude each other"),
        ({"services": {"apply": {"path": "x", "kind": "page"}}}, "services.apply.kind"),
        ({"services": {"apply": {"path": "x", "repeat": "always"}}}, "services.apply.repeat"),
        ({"services": {"apply": {"path": "x", "success_values": []}}}, "services.apply.success_values"),
        ({"services": {"apply": {"path": "x", "other_codes": {"1": "ignored"}}}}, "other_codes"),
        ({"services": {"apply": {"path": "x", "placement": {"system_id": "cookie"}}}}, "placement"),
        ({"services": {"apply": {"path": "x", "placement": {"token": "query"}}}}, "placement"),
        ({"services": {"apply": {"path": "x", "placement": {"system_id": "query"}}}}, "system_id: must be set"),
        ({"services": "apply"}, "services"),
        ({"services": {"apply": "x"}}, "services.apply"),
        ({"inbound_services": ["a/b"]}, "inbound_services"),
        ({"application": {"scene": "app"}}, "application.scene"),
    ],
)
def test_a_wrong_key_is_refused_with_its_name(changes: dict[str, Any], told: str) -> None:
    assert told in wrong(**changes)


def test_a_get_cannot_carry_an_identifier_in_its_body() -> None:
    service = {"path": "x", "method": "GET", "placement": {"system_id": "body"}}
    assert "GET" in wrong(system_id="a", services={"apply": service})


def test_an_identifier_cannot_take_the_place_of_a_signature() -> None:
    service = {"path": "x", "placement": {"system_id": "header"}, "names": {"system_id": "X-TIF-Signature"}}
    assert "signature" in wrong(system_id="a", services={"apply": service})


def test_the_environment_must_be_said() -> None:
    with pytest.raises(ValidationError, match="environment"):
        Settings.model_validate({})


def test_the_paas_token_may_come_from_a_file_and_is_never_printed(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    settings = account(paas_token=None)
    values = settings.model_dump(exclude_unset=True, exclude={"paas_token"})
    read = Settings.model_validate({**values, "paas_token_file": str(tmp_path / "token")})
    assert read.paas_token is not None
    assert read.paas_token.get_secret_value() == TOKEN
    assert TOKEN not in f"{read!r}{read}{read.model_dump()}"


def test_another_token_or_service_changes_the_fingerprint() -> None:
    prints = {
        Account("gd_ecert", "default", settings).fingerprint()
        for settings in (account(), account(paas_token="x"), account(services={}), account(header_prefix="x-rio-"))
    }
    assert len(prints) == 4
