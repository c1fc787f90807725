"""Check digits with the vectors of facts D6 and D7, opening hours, and what they make of a certificate."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fj_construction.events import CertificateFile
from tests.platforms.fj_construction.document import FILE_SAMPLE, KINDS, certificate
from workers.fj_construction import checks
from workers.fj_construction.check_digits import certificate_mark, credit_code, identity_number, mod_37_36
from workers.fj_construction.checks import Findings
from workers.fj_construction.hours import BEIJING, Hours, seconds_until
from workers.fj_construction.settings import Settings

ROOT = "1.2.156.3005.2."


@pytest.mark.parametrize(
    ("mark", "check"),
    [
        ("11100000000013338W011.11430000006122244L.20230000403.001", "U"),
        ("11100000000013338W011.11430000006122244L.20230000403.002", "S"),
        ("11100000000013338W011.11110000000021135M.20230329701.003", "Y"),
        ("11100000000013338W050.11350000003591037R.2023000001.001", "9"),
        ("11100000000013338W032.11350000003591037R.2023000001.001", "V"),
        ("11100000000013338W011.11350000003591037R.20230000001.001", "D"),
    ],
)
def test_the_mark_of_an_electronic_certificate_has_its_check_character(mark: str, check: str) -> None:
    assert mod_37_36(mark.replace(".", "")) == check
    assert certificate_mark(f"{ROOT}{mark}.{check}")
    assert not certificate_mark(f"{ROOT}{mark}.{'A' if check != 'A' else 'B'}")
    assert not certificate_mark(f"{mark}.{check}")


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("11500000MB19461215", True),
        ("11110000000021135M", True),
        ("11100000000013338W", True),
        ("11430000006122244L", True),
        ("12110000400777687U", True),
        ("91360200MA396LLK17", False),  # the document's own, should end Y
        ("91360200MA396LLK1Y", True),
        ("93361211MA396LXN9X", False),  # the document's own, should end 2
        ("93361211MA396LXN92", True),
        ("11500000MB1946121", False),
        ("11500000MB194612I5", False),
        ("", False),
    ],
)
def test_a_unified_credit_code_has_its_check_character(code: str, valid: bool) -> None:
    assert credit_code(code) is valid


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("330781198509074811", True),
        ("320923166523129587", False),  # the document's own: no such day
        ("440681198512063416", False),
        ("440681198512063419", True),
        ("33078119850907481", False),
        ("11010519491231002x", True),
        ("", False),
    ],
)
def test_an_identity_number_has_its_check_digit_and_a_day_of_birth(number: str, valid: bool) -> None:
    assert identity_number(number) is valid


@given(st.text())
def test_no_text_makes_a_check_fall_over(text: str) -> None:
    for check in (credit_code, identity_number, certificate_mark):
        assert check(text) in {True, False}


# --- findings


def settings(**changes: Any) -> Settings:
    return Settings.model_validate({"base_url": "http://x", "system_id": "s", "key": "k", **changes})


def look(kind: str, row: dict[str, Any], **changes: Any) -> Findings:
    return checks.certificate(kind, KINDS[kind].model_validate(row), settings(**changes))


def told(findings: Findings) -> set[tuple[str, str]]:
    return {(finding.code, finding.field) for finding in findings.warnings}


def test_the_documents_own_samples_are_warned_about_and_not_refused() -> None:
    assert told(look("1", certificate("1"))) == {
        ("check-digit", "issuAuthCode"),
        ("check-digit", "creditCode"),
        ("check-digit", "associatedZzeCertID"),
    }
    assert told(look("2", certificate("2"))) == {
        ("check-digit", "issuAuthCode"),
        ("check-digit", "identityCard"),
        ("check-digit", "associatedZzeCertID"),
    }
    assert told(look("3", certificate("3"))) == {
        ("check-digit", "issuAuthCode"),
        ("check-digit", "associatedZzeCertID"),
    }


def test_only_a_citizens_number_has_a_check_digit() -> None:
    row = certificate("2", identityCardType="414", identityCard="E12345678")
    assert ("check-digit", "identityCard") not in told(look("2", row))


@pytest.mark.parametrize(
    ("kind", "changes", "finding"),
    [
        ("1", {"certState": "77"}, ("unknown-code", "certState")),
        ("1", {"operateType": "10"}, ("unknown-code", "operateType")),
        ("2", {"operationCategory": "12"}, ("unknown-code", "operationCategory")),
        ("2", {"categoryDescription": "电工"}, ("category-description", "categoryDescription")),
        ("3", {"categoryCode": "D"}, ("unknown-code", "categoryCode")),
        ("3", {"appointment": "09"}, ("unknown-code", "appointment")),
        ("3", {"technicalTitle": "06"}, ("unknown-code", "technicalTitle")),
        ("3", {"educationDegree": "08"}, ("unknown-code", "educationDegree")),
        ("1", {"operateType": "03"}, ("state-operation", "operateType")),
        ("3", {"operateType": "05"}, ("state-operation", "operateType")),
    ],
)
def test_what_later_editions_do_not_list_is_a_warning(
    kind: str, changes: dict[str, str], finding: tuple[str, str]
) -> None:
    assert finding in told(look(kind, certificate(kind, **changes)))


@pytest.mark.parametrize("operation", ["08", "09", "10"])
def test_a_state_that_goes_with_its_operation_is_no_finding(operation: str) -> None:
    findings = look("3", certificate("3", operateType=operation))
    assert not [code for code, _ in told(findings) if code != "check-digit"]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("check_digits", "check-digit"),
        ("check_dictionaries", "unknown-code"),
        ("check_state_operations", "state-operation"),
    ],
)
def test_settings_make_of_a_finding_a_refusal_or_nothing(setting: str, code: str) -> None:
    row = certificate("1", operateType="03")
    if code == "unknown-code":
        row["certState"] = "77"
    refusing = look("1", row, **{setting: "refuse"})
    assert code in {finding.code for finding in refusing.refusals}
    assert code not in {found for found, _ in told(refusing)}
    off = look("1", row, **{setting: "off"})
    assert code not in {finding.code for finding in (*off.warnings, *off.refusals)}


def test_findings_show_no_values() -> None:
    findings = look("2", certificate("2"))
    assert not [each for each in findings.warnings if certificate("2")["identityCard"] in each.message]


def test_a_file_is_looked_at_for_its_mark_and_its_address() -> None:
    found = checks.file(CertificateFile.model_validate(FILE_SAMPLE), settings())
    assert told(found) == {("check-digit", "zzeCertID"), ("address", "url")}
    good = {
        **FILE_SAMPLE,
        "zzeCertID": f"{ROOT}11100000000013338W050.11350000003591037R.2023000001.001.9",
        "url": "https://example.org/preview",
    }
    assert told(checks.file(CertificateFile.model_validate(good), settings())) == set()


# --- hours


def at(clock: str, zone: str = "Asia/Shanghai") -> datetime:
    return datetime.fromisoformat(f"2024-05-06T{clock}").replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("hours", "now", "seconds"),
    [
        ("08:00-20:00", at("07:59:30"), 30),
        ("08:00-20:00", at("08:00:00"), None),
        ("08:00-20:00", at("19:59:59"), None),
        ("08:00-20:00", at("20:00:00"), 12 * 3600),
        ("08:00-20:00", at("23:30:00"), 8.5 * 3600),
        ("08:00-20:00", at("23:30:00", "UTC"), 30 * 60),  # 07:30 of the next day in Beijing
        ("22:00-06:00", at("21:00:00"), 3600),
        ("22:00-06:00", at("23:00:00"), None),
        ("22:00-06:00", at("05:59:59"), None),
        ("22:00-06:00", at("06:00:00"), 16 * 3600),
        (None, at("03:00:00"), None),
    ],
)
def test_a_closed_platform_is_asked_again_when_its_hours_begin(
    hours: str | None, now: datetime, seconds: float | None
) -> None:
    assert seconds_until(Hours.read(hours) if hours else None, now) == seconds


@given(st.times(), st.times(), st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)))
def test_after_the_wait_the_platform_is_open(start: Any, end: Any, now: datetime) -> None:
    hours = Hours(start, end)
    here = now.replace(tzinfo=BEIJING)
    seconds = seconds_until(hours, here)
    if seconds is not None:
        assert 0 <= seconds <= 24 * 3600
        assert here + timedelta(seconds=seconds) in hours or start == end


@pytest.mark.parametrize("text", ["8-20", "08:00", "08:00-24:30", "08:00-08:00", "25:00-26:00", ""])
def test_hours_that_cannot_be_meant_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must|hour|minute|time"):
        Hours.read(text)
