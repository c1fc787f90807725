"""What the ministry checks in one certificate. Pure: a message (ErrorMsg) for the first thing wrong, or None."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from workers.fj_construction.simulator.tables import Field

Row = Mapping[str, Any]

FIXED_STATUS = "持证人正在办理跨企业变更业务，办理完成前本证书暂不可用"
LARGEST_PHOTO = 50 * 1024


def flaw(kind: str, fields: Sequence[Field], row: Row) -> str | None:
    """The first thing wrong with a row of this certType: fields in the table's order, then what belongs together."""
    wrong = (message for field in fields if (message := _field(field, row.get(field.name))))
    return next(wrong, None) or next(_together(kind, row), None)


def _field(field: Field, value: Any) -> str | None:
    if value is None or value == "":
        return f"{field.name} 不能为空" if field.required else None
    if field.name == "businessInformation" and isinstance(value, list):
        return None
    if not isinstance(value, str):
        return f"{field.name} 应为{field.kind}"
    return _KINDS[field.kind](field, value)


def _short(field: Field, value: str) -> str | None:
    return f"{field.name} 长度超过 {field.length}" if len(value) > (field.length or 0) else None


def _date(field: Field, value: str) -> str | None:
    try:
        datetime.strptime(value, "%Y-%m-%d")
    except ValueError:
        return f"{field.name} 日期格式错误"
    return None if len(value) == len("yyyy-MM-dd") else f"{field.name} 日期格式错误"


def _photo(field: Field, value: str) -> str | None:
    try:
        picture = base64.b64decode(re.sub(r"^data:image/\w+;base64,\s*", "", value), validate=True)
    except (ValueError, binascii.Error):
        return f"{field.name} 不是Base64字符串"
    if picture[:3] != b"\xff\xd8\xff" and picture[:4] != b"\x89PNG":
        return f"{field.name} 应为jpg、png格式"
    return f"{field.name} 超过50KB" if len(picture) > LARGEST_PHOTO else None


_KINDS: Mapping[str, Callable[[Field, str], str | None]] = {"字符型": _short, "日期型": _date, "文本型": _photo}


def _together(kind: str, row: Row) -> Iterator[str]:
    if row.get("certState") == "99" and not row.get("certStatusDescription"):
        yield "certStatusDescription 不能为空"
    if row.get("operationCategory") == "99" and not row.get("categoryDescription"):
        yield "categoryDescription 不能为空"
    if row.get("licenseScope", "建筑施工") != "建筑施工":
        yield "licenseScope 应为建筑施工"
    if row.get("gender", "1") not in {"1", "2"}:
        yield "gender 应为1或2"
    if kind == "3":
        yield from _manager(row)
    # 证书状态与操作类型关系表 is not public; what is newly issued or prolonged can only be valid
    if row.get("operateType") in {"01", "02"} and row.get("certState") != "01":
        yield "证书状态与操作类型不符"


def _manager(row: Row) -> Iterator[str]:
    if row["certState"] == "99" and not row["certStatusDescription"].startswith(FIXED_STATUS):
        yield "certStatusDescription 应为固定描述"
    legal_person = row["categoryCode"] == "A" and row["appointment"] == "01"
    free = legal_person or row["categoryCode"] == "B"
    if not free and not row.get("technicalTitle") and not row.get("educationDegree"):
        yield "technicalTitle、educationDegree 选填一项"
