"""What an event of several certificates ends as, and what its result says of each. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from gateway.outcome import Accepted, Dead, Ending, Rejected, Response
from schemas.fj_construction.codes import CODED_BY_QR
from workers.fj_construction.answers import QR_FIELDS, Json
from workers.fj_construction.batch import Batch, Row, told
from workers.fj_construction.qrcode import UndecryptableError, plain_id
from workers.fj_construction.settings import Settings

Entry = dict[str, Any]
Describe = Callable[[Row, Json | None], Entry]
"""The entry of one certificate in the result, from what the platform said of it, if it did."""

MANY = 3
"""How many different reasons a message names."""


def conclude(batch: Batch, ending: Ending | None, describe: Describe) -> Ending:
    """The event's ending. `ending`: what kept it from being sent whole, None when nothing did."""
    if ending is not None and not isinstance(ending, Dead | Rejected):
        return ending
    entries = [describe(row, batch.outcome(row)) for row in batch.rows]
    response: Response = {"certificates": entries}
    if ending is not None:
        return replace(ending, response=response)
    refused = [entry for entry in entries if entry["outcome"] == "rejected"]
    if refused:
        return Rejected(refused[0]["code"], _reason(entries, refused), response=response)
    code = "2" if any(entry["code"] == "2" for entry in entries) else "1"
    return Accepted(code, "", response, duplicate=all(entry.get("duplicate", False) for entry in entries))


def _reason(entries: list[Entry], refused: list[Entry]) -> str:
    told_apart = list(dict.fromkeys(entry["message"] for entry in refused))
    more = f"; and {len(told_apart) - MANY} more" if len(told_apart) > MANY else ""
    return f"{len(refused)} of {len(entries)} certificates refused: {'; '.join(told_apart[:MANY])}{more}"


def _entry(row: Row, said: Json | None) -> Entry:
    warnings = told(row.findings.warnings)
    if row.findings.refusals:
        first = row.findings.refusals[0]
        reason = "; ".join(f"{each.field} {each.message}" for each in row.findings.refusals)
        return {"guid": row.guid, "outcome": "rejected", "code": first.code, "message": reason, "warnings": warnings}
    if said is None:
        return {"guid": row.guid, "outcome": "unknown", "code": None, "message": "", "warnings": warnings}
    platforms = [{"code": "platform", "field": None, "message": text} for text in said["warnings"]]
    return {
        "guid": row.guid,
        "outcome": "accepted" if said["accepted"] else "rejected",
        "code": said["code"],
        "message": said["message"],
        "warnings": [*warnings, *platforms, *_lost(said)],
    }


def _lost(said: Json) -> list[Entry]:
    if said["accepted"] or not said["after_lost"]:
        return []
    message = "an earlier call with it was sent and its answer lost: the platform may have it"
    return [{"code": "answer-lost-before", "field": None, "message": message}]


def describe_certificate(
    row: Row, said: Json | None, *, settings: Settings, province_key: RSAPrivateKey | None
) -> Entry:
    """Of 业务数据归集赋码: with the QR code's ciphertext and, given the province's key, the plain id."""
    qr: Mapping[str, str] = said["qr"] if said is not None else {}
    entry = {**_entry(row, said), **{name: qr.get(name) for name in QR_FIELDS}, "ID": None, "qr_error": None}
    if entry["outcome"] != "accepted":
        return entry
    entry["eCertID"] = qr.get("eCertID", row.guid)
    if not (qr.get("encryCertid") and qr.get("encryKey")):
        return {**entry, "warnings": [*entry["warnings"], *_no_qr_code(row)]}
    return {**entry, **_decrypted(qr, settings, province_key)} if province_key is not None else entry


def _decrypted(qr: Mapping[str, str], settings: Settings, province_key: RSAPrivateKey) -> Entry:
    try:
        return {"ID": plain_id(qr["encryCertid"], qr["encryKey"], province_key, settings.id_pattern)}
    except UndecryptableError as error:
        return {"qr_error": {"code": error.code, "message": str(error)}}


def _no_qr_code(row: Row) -> list[Entry]:
    if row.content["operateType"] not in CODED_BY_QR:
        return []
    message = "the answer has no QR code for it, though operateType 01 and 02 are given one (进行二维码赋码)"
    return [{"code": "qr-missing", "field": None, "message": message}]


def describe_file(row: Row, said: Json | None) -> Entry:
    """Of 电子证照数据归集赋码. `duplicate`: it was there, from an earlier call of ours whose answer was lost."""
    duplicate = said is not None and said["duplicate"]
    return _entry(row, said) | {"ID": row.guid, "zzeCertID": row.content["zzeCertID"], "duplicate": duplicate}
