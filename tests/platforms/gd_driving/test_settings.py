from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.platforms.gd_driving.support import CERTIFICATE, settings


def test_what_facts_leaves_open_has_its_default() -> None:
    plain = settings()
    assert plain.protocol_version == "1.0.0.e2"
    assert plain.extra_query == {}
    assert (plain.files_folder, plain.files_hosts, plain.files_http_loopback) == (None, (), False)
    assert (plain.empty_when_remote, plain.practice_photo_type) == (False, "vehimg")
    assert (plain.callback_valid_seconds, plain.callback_single_use) == (900, False)
    assert "test1234" not in repr(plain)


def test_the_password_may_stand_in_a_file_and_the_certificate_is_not_read_as_text(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("test1234\n")
    values: dict[str, Any] = {
        "base_url": "https://platform.example.com",
        "certificate_file": str(CERTIFICATE),
        "certificate_password_file": str(tmp_path / "password"),
    }
    read = type(settings()).model_validate(values)
    assert read.certificate_password.get_secret_value() == "test1234"
    assert read.certificate_file == CERTIFICATE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"certificate_password": "wrong-one"}, "certificate_file is no PKCS#12 file, or the password is wrong"),
        ({"certificate_file": "/none.p12"}, "certificate_file cannot be read"),
        ({"base_url": "platform.example.com"}, "base_url"),
        ({"platform_number": "A001"}, "platform_number"),
        ({"extra_query": {"ts": "1"}}, "set by the signature"),
        ({"practice_photo_type": "photo"}, "A.5.3"),
        ({"qrcode_pixels": 149}, "150"),
        ({"callback_url": "https://a.example.com/x"}, "go together"),
        ({"callback_secret": "s" * 16}, "go together"),
        ({"callback_secret": "short", "callback_url": "https://a.example.com/x"}, "at least 16"),
        ({"callback_url": "http://a.example.com/x", "callback_secret": "s" * 16}, "must be https"),
        ({"callback_url": "https://10.0.0.1/x", "callback_secret": "s" * 16}, "must be https"),
        ({"callback_url": "https://[::1]/x", "callback_secret": "s" * 16}, "must be https"),
        ({"callback_url": "https://localhost/x", "callback_secret": "s" * 16}, "must be https"),
        ({"callback_url": "https://a.example.com/x?y=1", "callback_secret": "s" * 16}, "must be https"),
        ({"callback_url": "https://a.example.com/x#y", "callback_secret": "s" * 16}, "must be https"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**changes)
    told = str([error["msg"] + str(error["loc"]) for error in refused.value.errors(include_input=False)])
    assert reason in told
    assert "wrong-one" not in told
