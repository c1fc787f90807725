"""全国工程质量安全监管信息平台: the certificates and files it took, and what it answers to a batch."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from workers.fj_construction.simulator.checks import Row, flaw
from workers.fj_construction.simulator.keys import qr_code
from workers.fj_construction.simulator.tables import CERTIFICATES, FILES, Parameter

Body = dict[str, Any]


@dataclass(slots=True)
class Certificate:
    """A certificate taken, and the 二维码赋码 it was given, if it was."""

    province: str
    number: str
    identity: str | None = None


@dataclass(slots=True)
class Verdicts:
    """What is said about the rows of one request."""

    successes: list[Body] = field(default_factory=list)
    errors: list[Body] = field(default_factory=list)
    warnings: list[Body] = field(default_factory=list)

    def error(self, guid: str, message: str) -> None:
        """Refuse a row, or with an empty guid the whole."""
        self.errors.append({"ErrorGuid": guid, "ErrorMsg": message})


class Records:
    """`refuse` and `warn`: what control routes ordered for certain guids, beside the rules.

    `sent` counts how often each guid (of a file: ID) came in, taken or not.
    """

    def __init__(self, province_key: RSAPublicKey, issued: Sequence[str]) -> None:
        self.province_key = province_key
        self.refuse: dict[str, str] = {}
        self.warn: dict[str, str] = {}
        self.certificates: dict[str, Certificate] = {}
        self.files: dict[str, str] = {}
        self.logs: list[Body] = []
        self.sent: Counter[str] = Counter()
        self._preissued = frozenset(issued)

    def reset(self) -> None:
        """Nothing was taken yet."""
        for kept in (self.refuse, self.warn, self.certificates, self.files, self.logs, self.sent):
            kept.clear()

    def answer(self, body: Mapping[str, Any], *, files: bool) -> Body:
        """To a request of either interface."""
        parameters = FILES if files else CERTIFICATES
        parameter = parameters.get(str(body.get("certType")))
        said = Verdicts()
        if parameter is None:
            said.error("", "certType 不能为空" if not body.get("certType") else "certType 应为1、2、3")
        else:
            self._take(str(body["certType"]), parameter, body, said, files=files)
        return _reply(said)

    def _take(self, kind: str, parameter: Parameter, body: Mapping[str, Any], said: Verdicts, *, files: bool) -> None:
        shell = body.get(parameter.name)
        rows = shell.get(parameter.envelope) if isinstance(shell, dict) else None
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            said.error("", f"{parameter.name} 不能为空")
            return
        if any(body.get(other.name) for other in CERTIFICATES.values() if not files and other is not parameter):
            said.error("", f"除 {parameter.name} 外的参数应为空")
            return
        for row in rows:
            wrong = flaw(kind, parameter.fields, row)
            if files:
                self._file(row, wrong, said)
            else:
                self._certificate(row, wrong, said)

    def _certificate(self, row: Row, wrong: str | None, said: Verdicts) -> None:
        guid = str(row.get("eCertID") or "")
        kept = self.certificates.get(guid)
        self.sent[guid] += 1
        wrong = wrong or self.refuse.get(guid)
        if wrong:
            said.error(guid, wrong)
            return
        warning = self.warn.get(guid) or self._elsewhere(row)
        if warning:
            said.warnings.append({"WarnGuid": guid, "WarnMsg": warning})
        if kept is None:
            kept = self.certificates[guid] = Certificate(row["provinceNum"], row["certNum"])
        said.successes.append({"ReturnMsg": "上传成功", **self._code(kept, row), "eCertID": guid})

    def _elsewhere(self, row: Row) -> str | None:
        """The warning of the document's sample: one certificate in two provinces."""
        number, province = row["certNum"], row["provinceNum"]
        other = any(each.number == number and each.province != province for each in self.certificates.values())
        return f"其他省份存在证书:{number}，需注销其他省份的证书。" if other else None

    def _code(self, kept: Certificate, row: Row) -> Body:
        """操作类型为“01”或“02”时会进行二维码赋码."""
        if row["operateType"] not in {"01", "02"}:
            return {}
        if kept.identity is None:
            serial = 1 + sum(each.identity is not None for each in self.certificates.values())
            kept.identity = f"{row['provinceNum']}{row['issuDate'][:4]}{serial:09d}"
        hidden, key = qr_code(kept.identity, self.province_key)
        return {"encryCertid": hidden, "encryKey": key}

    def _file(self, row: Row, wrong: str | None, said: Verdicts) -> None:
        identity = str(row.get("ID") or "")
        self.sent[identity] += 1
        issued = identity in self._preissued or identity in {c.identity for c in self.certificates.values()}
        wrong = wrong or self.refuse.get(identity) or (None if issued else "赋码不存在")
        wrong = wrong or ("赋码已使用" if identity in self.files else None)
        if wrong:
            said.error(identity, wrong)
            return
        self.files[identity] = row["zzeCertID"]
        said.successes.append({"eCertID": identity})


def _reply(said: Verdicts) -> Body:
    """As the samples have it: code 1 for one certificate is flat, all else stands under ReturnData."""
    if said.errors:
        guids = ",".join(success["eCertID"] for success in said.successes)
        data = {"SuccessGuids": guids, "ErrorData": said.errors}
        more = {"SuccessData": said.successes, "WarnData": said.warnings}
        return _answer("0", "上传失败", {**data, **{name: rows for name, rows in more.items() if rows}})
    if said.warnings:
        return _answer("2", "上传成功有预警", {"WarnData": said.warnings, "SuccessData": said.successes})
    if len(said.successes) == 1:
        code = {name: value for name, value in said.successes[0].items() if name.startswith("encry")}
        return {"ReturnCode": "1", "ReturnMsg": "上传成功", **code}
    return _answer("1", "上传成功", {"SuccessData": said.successes})


def _answer(code: str, message: str, data: Body) -> Body:
    return {"ReturnCode": code, "ReturnMsg": message, "ReturnData": data}
