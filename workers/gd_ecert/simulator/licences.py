"""The licences of a few people who do not exist, and the API that hands them out: license-app/v1."""

import base64
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

LARGEST_PAGE, USUAL_PAGE = 150, 10
CODE_SECONDS = 600.0  # how long an auth_code lives is not public

HOLDERS = {
    "440681198512063416": ("张三", 3),
    "91440101MA5XXXXX0A": ("广州示例餐饮有限公司", 2),
    "440106199001010000": ("李四", 200),
}
"""identity number → holder's name, number of licences. All invented."""


class Failure(Exception):  # noqa: N818 - an answer of the platform, not an error of the simulator
    """ack_code FAILURE with one error. The real codes are not public."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.error = {"code": code, "message": message, "inner_code": f"SIM-{code}"}


@dataclass
class Licences:
    """auth_codes issued, and the answers to the four calls of 用证."""

    clock: Callable[[], float]
    issued: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)

    def reset(self) -> None:
        """No code was ever issued."""
        self.issued.clear()

    def auth(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """POST /license/auth: the licences of these holders, page by page, a code with each."""
        numbers = body.get("identity_number")
        if not isinstance(numbers, str) or not numbers:
            raise Failure("1001", "identity_number 不能为空")
        size, index = _page(body, "page_size", USUAL_PAGE, LARGEST_PAGE), _page(body, "page_index", 1, 2**31)
        found = [licence for number in numbers.split(",") for licence in licences_of(number)]
        page = [self._with_code(licence) for licence in found[(index - 1) * size : index * size]]
        codes = [licence["auth_code"] for licence in page]
        return {
            "total_count": len(found),
            "data": page,
            "auth_codes": codes,
            "correlation_id": body.get("request_id"),
        }

    def get(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """GET /license/get_license: one licence's data."""
        return {"data": self._behind(values)}

    def archive(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """GET /license/archive: the licence as a PDF."""
        licence = self._behind(values)
        pdf = b"%PDF-1.4\n% " + licence["license_code"].encode() + b"\n%%EOF\n"
        return {"data": {"file_name": f"{licence['license_code']}.pdf", "file_data": base64.b64encode(pdf).decode()}}

    def token(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """GET /license/token: a token for the viewer."""
        self._behind(values)
        return {"data": {"license_access_token": secrets.token_hex(20)}}

    def _with_code(self, licence: dict[str, Any]) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.clock(), timezone(timedelta(hours=8)))
        stamp = moment.strftime("%Y%m%d%H%M%S") + f"{moment.microsecond // 1000:03d}"
        code = f"{stamp}{secrets.token_hex(4)}_{licence['license_code']}"
        self.issued[code] = (licence, self.clock() + CODE_SECONDS)
        return {**licence, "auth_code": code}

    def _behind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        code = values.get("auth_code")
        if not code:
            raise Failure("1002", "auth_code 不能为空")
        licence, until = self.issued.get(str(code), ({}, 0.0))
        if until < self.clock():
            raise Failure("1003", "用证码不存在或已过期")
        return licence


def answer(content: Mapping[str, Any]) -> dict[str, Any]:
    """The common answer around what a call gives."""
    common: dict[str, Any] = {"ack_code": "SUCCESS", "errors": [], "sign": None, "sign_method": None}
    return common | {"timestamp": "2026-01-02 03:04:05", "response_id": uuid.uuid4().hex} | dict(content)


def refusal(failure: Failure) -> dict[str, Any]:
    """The common answer of a call that failed."""
    return answer({"ack_code": "FAILURE", "errors": [failure.error]})


def licences_of(number: str) -> list[dict[str, Any]]:
    """A holder's licences; none for somebody unknown."""
    name, count = HOLDERS.get(number, ("", 0))
    return [_licence(number, name, index) for index in range(count)]


def _licence(number: str, name: str, index: int) -> dict[str, Any]:
    return {
        "license_code": f"44010{index:05d}",
        "name": "食品经营许可证",
        "license_type": "CERTIFICATE",
        "license_type_name": "证照",
        "id_code": f"JY{index:012d}",
        "holder_name": name,
        "holder_identity_type": "10",
        "holder_identity_num": number,
        "issue_org_name": "示例市场监督管理局",
        "issue_org_code": "000000000",
        "division": "广州市",
        "division_code": "440100",
        "issue_date": "2024-01-01 00:00:00",
        "begin_date": "2024-01-01 00:00:00",
        "expiry_date": "2028-12-31 23:59:59",
        "data_fields": _odd({"CYRMC": name, "CYRSFZJLX": "10", "SYQX": "5 年"}, index),
        "attachment_fields": "",
        "trust_level": "A",
        "extend_props": {},
        "remark": "",
        "biz_num": "",
        "license_item_code": "100000000",
        "license_status": "ISSUED",
        "license_status_name": "已签发",
        "creator": "",
    }


def _odd(fields: dict[str, str], index: int) -> Any:
    """data_fields as it comes in turn: an object, JSON in a text, a text with single quotes."""
    return (fields, json.dumps(fields, ensure_ascii=False), str(fields))[index % 3]


def _page(body: Mapping[str, Any], name: str, usual: int, largest: int) -> int:
    value = body.get(name, usual)
    if not isinstance(value, int) or not 1 <= value <= largest:
        raise Failure("1004", f"{name} 超出范围")
    return value
