"""What we can see in a certificate before the ministry does, and are not sure enough of to refuse it outright.

Dictionaries come from later editions of the specification, and the document's own samples fail the check
digits: so a finding is a warning in the result, unless the settings say otherwise. Pure.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from schemas.dictionaries import Dictionary
from schemas.fields import Data
from schemas.fj_construction import codes
from schemas.fj_construction.events import CertificateFile
from workers.fj_construction.check_digits import certificate_mark, credit_code, identity_number
from workers.fj_construction.settings import Settings, Strictness

CITIZEN = "111"
"""GB/T 36903-2018 annex A: 公民身份号码."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a field does not meet; no value."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What to tell, and what not to send for."""

    warnings: tuple[Finding, ...]
    refusals: tuple[Finding, ...]


def certificate(cert_type: str, data: Data, settings: Settings) -> Findings:
    """What stands out in one certificate."""
    return _sorted(
        (settings.check_digits, _digits(data)),
        (settings.check_dictionaries, _dictionaries(cert_type, data)),
        (settings.check_state_operations, _state_operation(cert_type, data)),
    )


def file(data: CertificateFile, settings: Settings) -> Findings:
    """What stands out in one electronic certificate."""
    return _sorted((settings.check_digits, _digits(data)), ("warn", _address(data)))


def _sorted(*checked: tuple[Strictness, Iterable[Finding]]) -> Findings:
    found = [(strictness, finding) for strictness, findings in checked for finding in findings]
    return Findings(
        tuple(finding for strictness, finding in found if strictness == "warn"),
        tuple(finding for strictness, finding in found if strictness == "refuse"),
    )


_CHECKED: tuple[tuple[str, str | None, Callable[[str], bool], str], ...] = (
    ("issuAuthCode", None, credit_code, "统一社会信用代码 (GB 32100)"),
    ("creditCode", None, credit_code, "统一社会信用代码 (GB 32100)"),
    ("responsiblePersonID", "responsiblePersonIDType", identity_number, "公民身份号码 (GB 11643)"),
    ("identityCard", "identityCardType", identity_number, "公民身份号码 (GB 11643)"),
    ("associatedZzeCertID", None, certificate_mark, "电子证照标识 (MOD 37,36)"),
    ("zzeCertID", None, certificate_mark, "电子证照标识 (MOD 37,36)"),
)
"""Field, the field that must say 111 for it to be checked, the check, and what it is."""


def _digits(data: Data) -> Iterator[Finding]:
    for name, kind, valid, what in _CHECKED:
        value = getattr(data, name, None)
        meant = kind is None or getattr(data, kind, None) == CITIZEN
        if value is not None and meant and not valid(value):
            yield Finding("check-digit", name, f"is no {what}: 校验位不符")


def _dictionaries(cert_type: str, data: Data) -> Iterator[Finding]:
    tables: dict[str, Dictionary] = {
        "certState": codes.STATES[cert_type],
        "operateType": codes.OPERATE_TYPES[cert_type],
        "operationCategory": codes.TRADES,
        "categoryCode": codes.POSITIONS,
        "appointment": codes.APPOINTMENTS,
        "technicalTitle": codes.TECHNICAL_TITLES,
        "educationDegree": codes.EDUCATION_DEGREES,
    }
    for name, dictionary in tables.items():
        value = getattr(data, name, None)
        if value is not None and value not in dictionary.names:
            yield Finding("unknown-code", name, f"is not listed in {dictionary.section}")
    yield from _other_trade(data)


OTHER_TRADE = "经省级以上住房和城乡建设主管部门认定的其他工种类别"


def _other_trade(data: Data) -> Iterator[Finding]:
    text = getattr(data, "categoryDescription", None)
    if getattr(data, "operationCategory", None) == codes.OTHER and not str(text).startswith(OTHER_TRADE):
        yield Finding("category-description", "categoryDescription", f"should be “{OTHER_TRADE}（XXX）”")


def _state_operation(cert_type: str, data: Data) -> Iterator[Finding]:
    state, operation = getattr(data, "certState", ""), getattr(data, "operateType", "")
    known = state in codes.STATES[cert_type].names and operation in codes.OPERATE_TYPES[cert_type].names
    if known and f"{cert_type}/{operation}/{state}" not in codes.STATE_OPERATIONS.names:
        yield Finding(
            "state-operation", "operateType", f"does not go with certState: {codes.STATE_OPERATIONS.section}"
        )


def _address(data: CertificateFile) -> Iterator[Finding]:
    if not data.url.lower().startswith("https://"):
        yield Finding("address", "url", "should be https with a domain name: 需https域名互联网访问")
