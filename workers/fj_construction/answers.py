"""Reading answers: of the 应用支撑平台 `{code, message, data}`, of the ministry `{ReturnCode, …}`. Pure.

One answer speaks of many certificates, at its top level or nested under ReturnData, and every sample
differs. Each certificate asked about gets its own outcome; one that the answer does not account for
gets none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from re import split
from typing import Any

import orjson

from workers.fj_construction.codes import TOKEN_REFUSED
from workers.fj_construction.soap import FaultError, NoSoapError, unwrap

FAILED = "0"
"""ReturnCode 上传失败: what is not named as a success has failed, or is not accounted for."""

Json = Mapping[str, Any]


def parsed(body: bytes) -> Json:
    """The JSON object in an answer, plain or in a SOAP envelope; empty where there is none. Raises FaultError."""
    value = _json(body)
    if value is None and body.lstrip().startswith(b"<"):
        try:
            value = _json(unwrap(body).encode())
        except NoSoapError:
            return {}
    return _object(value) or {}


def token_refused(body: bytes) -> bool:
    """Whether an answer refuses the token it was asked with."""
    try:
        answer = parsed(body)
    except FaultError:
        return False
    return str(answer.get("code")) in TOKEN_REFUSED


def ministry(answer: Json) -> Json | None:
    """The ministry's own answer: as it is, or as `data` of the 应用支撑平台's."""
    candidates = (answer, _object(answer.get("data")))
    return next((each for each in candidates if each is not None and "ReturnCode" in each), None)


def _json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _object(value: Any) -> Json | None:
    """An object, also one that came as text."""
    value = _json(value) if isinstance(value, str) else value
    return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the answer says of one certificate. `qr`: the ciphertexts of its QR code, where it was given one."""

    accepted: bool
    code: str
    message: str
    warnings: tuple[str, ...] = ()
    qr: Mapping[str, str] = field(default_factory=dict)
    duplicate: bool = False


QR_FIELDS = ("eCertID", "encryCertid", "encryKey")


def outcomes(answer: Json, asked: Mapping[str, str]) -> dict[str, Outcome]:
    """The outcome of each guid that the ministry's answer accounts for. ReturnCode must be a listed one.

    `asked`: the guids sent, each with another name under which the answer may speak of it, or "".
    """
    said = _Said.of(answer, asked)
    found = ((guid, said.outcome(guid)) for guid in asked)
    return {guid: outcome for guid, outcome in found if outcome is not None}


@dataclass(frozen=True, slots=True)
class _Said:
    """The answer, by guid. Under "" stands what names none, under _STRANGER what names one we did not ask about."""

    code: str
    message: str
    errors: Mapping[str, Sequence[str]]
    warnings: Mapping[str, Sequence[str]]
    successes: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, answer: Json, asked: Mapping[str, str]) -> "_Said":
        parts = (answer, _object(answer.get("ReturnData")) or {})
        known = {_plain(name): guid for guid, alias in asked.items() for name in (alias, guid) if name}
        errors = _messages(_rows(parts, "ErrorData"), "ErrorGuid", "ErrorMsg", known)
        warnings = _messages(_rows(parts, "WarnData"), "WarnGuid", "WarnMsg", known)
        successes = _successes(parts, known, next(iter(asked)) if len(asked) == 1 else "")
        return cls(str(answer["ReturnCode"]), _text(answer.get("ReturnMsg")), errors, warnings, successes)

    def outcome(self, guid: str) -> Outcome | None:
        warnings = (*self.warnings.get(guid, ()), *self.warnings.get("", ()))
        if guid in self.errors:
            return Outcome(False, FAILED, "; ".join(self.errors[guid]) or self.message, warnings)
        if guid in self.successes or self.code != FAILED:
            loose = () if self.code == FAILED else self.errors.get("", ())
            code = self.code if self.code != FAILED else "1"
            return Outcome(True, code, self._praise(guid), (*warnings, *loose), self._qr(guid))
        if self._refuses_all():
            return Outcome(False, FAILED, "; ".join(self.errors.get("", ())) or self.message, warnings)
        return None

    def _praise(self, guid: str) -> str:
        own = self.successes.get(guid, {}).get("ReturnMsg", "")
        return own or ("" if self.code == FAILED else self.message)

    def _qr(self, guid: str) -> Mapping[str, str]:
        success = self.successes.get(guid, {})
        return {name: success[name] for name in QR_FIELDS if success.get(name)}

    def _refuses_all(self) -> bool:
        """An error that names nobody, or no word about anybody: the failure is everybody's."""
        return "" in self.errors or not (self.errors or self.successes)


_STRANGER = "\0"
"""No guid, for no event may hold a NUL."""


def _plain(guid: str) -> str:
    """A guid for comparison: answers may write it in the other case, or without dashes."""
    return guid.strip().replace("-", "").casefold()


def _named(guid: str, known: Mapping[str, str]) -> str:
    return known.get(_plain(guid), _STRANGER) if guid.strip() else ""


def _rows(parts: Iterable[Json], name: str) -> list[Json]:
    found: list[Json] = []
    for part in parts:
        value = part.get(name)
        value = _json(value) if isinstance(value, str) else value
        rows = value if isinstance(value, list) else [value]
        found += [row for row in rows if isinstance(row, dict)]
    return found


def _messages(rows: Iterable[Json], guid: str, message: str, known: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        name, text = _named(_text(row.get(guid)), known), _text(row.get(message))
        if name or text:  # a row of blanks says nothing
            found.setdefault(name, []).append(text)
    return found


def _successes(parts: Sequence[Json], known: Mapping[str, str], alone: str) -> dict[str, dict[str, str]]:
    """SuccessGuids, SuccessData, and a QR code at the top level. What has no guid is of the one asked `alone`."""
    found: dict[str, dict[str, str]] = {}
    for part in parts:
        for guid in _listed(part.get("SuccessGuids")):
            found.setdefault(_named(guid, known), {})
    rows = [*_rows(parts, "SuccessData"), *(part for part in parts if "encryCertid" in part)]
    for row in rows:
        name = _named(_text(row.get("eCertID")), known) or alone
        if name:
            found.setdefault(name, {}).update({key: _text(value) for key, value in row.items()})
    return found


def _listed(value: Any) -> list[str]:
    if isinstance(value, list):
        return [_text(each) for each in value if _text(each)]
    return [each for each in split(r"[\s,;，；、|]+", _text(value)) if each]


def _text(value: Any) -> str:
    """Text as it is, numbers in digits; anything else is as good as nothing."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
