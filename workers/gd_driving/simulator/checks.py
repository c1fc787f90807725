"""What the platform checks in a record: first that it can be read (200), then what it says (1). Pure."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from workers.gd_driving.simulator.replies import FAILED, MALFORMED, Refused
from workers.gd_driving.simulator.tables import NOT_FOR_REMOTE, SERVICES, VEHICLES, Row

REMOTE, PRACTICE, SIMULATED = "4", "1", "3"
Values = Mapping[str, Any]
FileType = Callable[[str], str | None]
"""Of an uploaded file, by its id; None where there is no such file."""


def parsed(body: bytes) -> Values:
    """The object in the body. Raises Refused."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(MALFORMED, "请求体不是 JSON") from None
    if not isinstance(values, dict):
        raise Refused(MALFORMED, "请求体不是 JSON 对象")
    return values


def check(service: str, values: Values, file_type: FileType) -> None:
    """Raises Refused. What was sent beyond the table is ignored: the document does not forbid it."""
    remote = service == "classrecord" and str(values.get("subjcode", "")).startswith(REMOTE)
    for row in SERVICES[service]:
        value = values.get(row.name)
        if remote and row.name in NOT_FOR_REMOTE:
            if value:
                raise Refused(MALFORMED, f"{row.name} 远程教育平台不使用")
        elif value is None or value == "":
            if row.required:
                raise Refused(MALFORMED, f"缺少 {row.name}")
        else:
            _readable(row, value, values)
    if service == "classrecord":
        _lesson(values, remote=remote)
    _files(service, values, file_type)


def _readable(row: Row, value: Any, values: Values) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number if row.type == "数值型" else isinstance(value, str)):
        raise Refused(MALFORMED, f"{row.name} 应为{row.type}")
    length = len(str(value))
    short = row.name == "carnum" and str(values.get("subjcode", "")).startswith(SIMULATED) and length == 4  # noqa: PLR2004 - F4
    if length > row.length or (row.fixed and length != row.length and not short):
        raise Refused(MALFORMED, f"{row.name} 长度应为 {'F' if row.fixed else 'V'}{row.length}")
    if row.codes and str(value) not in row.codes:
        raise Refused(MALFORMED, f"{row.name} 不在编码中")
    if row.demand in _DEMANDS and not _DEMANDS[row.demand](str(value)):
        raise Refused(MALFORMED, f"{row.name} 格式错误")


def _time(text: str, pattern: str, digits: int) -> bool:
    try:
        return len(text) == digits and text.isdecimal() and datetime.strptime(text, pattern) is not None
    except ValueError:
        return False


def _location(text: str) -> bool:
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?)", text, re.ASCII)
    return found is not None and abs(float(found[1])) <= 180 and abs(float(found[2])) <= 90  # noqa: PLR2004 - degrees


_DEMANDS: dict[str | None, Callable[[str], bool]] = {
    "day": lambda text: _time(text, "%Y%m%d", 8),
    "moment": lambda text: _time(text, "%Y%m%d%H%M%S", 14),
    "vehicle": lambda text: text in VEHICLES,
    "vehicles": lambda text: all(each in VEHICLES for each in text.split(",")),
    "location": _location,
    "number": lambda text: re.fullmatch(r"\d+(\.\d+)?", text, re.ASCII) is not None,
}


def _lesson(values: Values, *, remote: bool) -> None:
    """The conditions in 描述及要求 of 电子教学日志."""
    begin, end = (datetime.strptime(values[name], "%Y%m%d%H%M%S") for name in ("starttime", "endtime"))
    if not values.get("photo2") and (end - begin).total_seconds() > 15 * 60:
        raise Refused(MALFORMED, "photo2 超过15分钟的教学必选")
    if values["subjcode"][3] == "2" and not values.get("regionseq"):
        raise Refused(MALFORMED, "regionseq 科目二教学日志必填")
    if not remote and not values.get("logoutinfo"):
        raise Refused(MALFORMED, "logoutinfo 非远程网络教学为必填")
    if values["subjcode"][0] != PRACTICE and (values["mileage"] or values["avevelocity"]):
        raise Refused(MALFORMED, "mileage, avevelocity 非实操时为0")


def _files(service: str, values: Values, file_type: FileType) -> None:
    """图片文件 ID 应先使用 A5.3 上传后获得. Photos of practice may come from A6.3.7.3, which is not simulated."""
    practice = service == "classrecord" and values["subjcode"].startswith(PRACTICE)
    for row in SERVICES[service]:
        number = values.get(row.name)
        if number is None or row.demand not in {"file", "photo"} or practice:
            continue
        known = file_type(str(number))
        if known is None or (row.file_type and known != row.file_type):
            raise Refused(FAILED, f"{row.name} 文件 ID 不存在")
