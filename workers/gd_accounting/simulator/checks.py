"""What the platform checks in a request before it looks at its own records: A0415, A0419, A0416.

Pure: parameters in, checked values out, or `Refused`. The document does not say in which order a platform
with several complaints states them. Here: all that is missing, then types, lengths, what each value may be,
and at last what two values say together.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from workers.gd_accounting.simulator.codes import Code, Refused
from workers.gd_accounting.simulator.dictionaries import COURSES_OF, codes
from workers.gd_accounting.simulator.endpoints import Endpoint, Field

Values = Mapping[str, Any]

FIRST_YEAR = 2021  # 适用年度说明: 只适用2021年度及以后
CREDIT_DECIMALS = 2  # section 10: 保留小数2位

_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")  # JSON can spell what UTF-8 cannot carry


def checked(endpoint: Endpoint, sent: Mapping[str, Any], *, typed: bool) -> Values:
    """The endpoint's fields out of `sent`; `typed` for JSON, where a number must not come as text.

    What was sent beyond the fields is ignored: the document does not forbid it.
    """
    for field in endpoint.fields:
        _present(field, sent.get(field.name))
    values = {field.name: _value(field, sent[field.name], typed=typed) for field in endpoint.fields}
    for field in endpoint.fields:
        _short_enough(field, values[field.name])
    for field in endpoint.fields:
        if field.demand:
            _DEMANDS[field.demand](field.name, values[field.name])
    _together(values)
    return values


def _present(field: Field, sent: Any) -> None:
    if sent is None or (isinstance(sent, str) and not sent.strip()):
        raise Refused(Code.MISSING, field.name)


def _value(field: Field, sent: Any, *, typed: bool) -> str | int | Decimal:
    value = _READERS[field.type](sent, typed)
    if value is None:
        raise Refused(Code.MALFORMED, f"{field.name} 应为 {field.type}")
    return value


def _string(sent: Any, _typed: bool) -> str | None:
    return sent if isinstance(sent, str) and not _HALF_CHARACTER.search(sent) else None


def _int(sent: Any, typed: bool) -> int | None:
    if typed:
        return sent if isinstance(sent, int) and not isinstance(sent, bool) else None
    return int(sent) if _INTEGER.fullmatch(sent) else None


def _float(sent: Any, typed: bool) -> Decimal | None:
    # JSON is parsed with Decimal for fractions, so that 1.005 is seen as it was written
    if typed:
        number = isinstance(sent, int | Decimal) and not isinstance(sent, bool)
        return Decimal(sent) if number else None
    return Decimal(sent) if _DECIMAL.fullmatch(sent) else None


_READERS: dict[str, Callable[[Any, bool], str | int | Decimal | None]] = {
    "String": _string,
    "int": _int,
    "Float": _float,
}


def _short_enough(field: Field, value: str | int | Decimal) -> None:
    # 长度（字节）: the document names no encoding; JSON and URLs travel as UTF-8
    if field.length is not None and len(str(value).encode()) > field.length:
        raise Refused(Code.INVALID, f"{field.name} 超过 {field.length} 字节")


def _datetime(name: str, value: str) -> None:
    # the document writes hh, but its hours are those of a day: 24
    try:
        valid = _DATETIME.fullmatch(value) is not None and datetime.fromisoformat(value) is not None
    except ValueError:
        valid = False
    if not valid:
        raise Refused(Code.MALFORMED, f"{name} 应为 yyyy-MM-dd hh:mm:ss")


def _year(name: str, value: int) -> None:
    if value < FIRST_YEAR:
        raise Refused(Code.INVALID, f"{name} 应不小于 {FIRST_YEAR}")


def _division(name: str, value: str) -> None:
    if value not in codes("administrative_divisions"):
        raise Refused(Code.INVALID, f"{name} 不在行政区划字典中")


def _edu_type(name: str, value: str) -> None:
    if value not in codes("edu_types"):
        raise Refused(Code.INVALID, f"{name} 应为 PUB 或 PRO")


def _course(name: str, value: str) -> None:
    if not any(value in codes(dictionary) for dictionary in COURSES_OF.values()):
        raise Refused(Code.INVALID, f"{name} 不在课程种类字典中")


def _credit(name: str, value: Decimal) -> None:
    if _decimals(value) > CREDIT_DECIMALS:
        raise Refused(Code.MALFORMED, f"{name} 应保留小数2位")
    # the document gives no range; only less than nothing is refused
    if value < 0:
        raise Refused(Code.INVALID, f"{name} 不能为负数")


def _decimals(value: Decimal) -> int:
    """Decimals that count: 1.50 has one. From the digits, because arithmetic rounds and overflows."""
    _, digits, exponent = value.as_tuple()
    kept = "".join(map(str, digits)).rstrip("0")
    return -int(exponent) - (len(digits) - len(kept)) if kept else 0


_DEMANDS: dict[str, Callable[[str, Any], None]] = {
    "datetime": _datetime,
    "year": _year,
    "division": _division,
    "edu-type": _edu_type,
    "course": _course,
    "credit": _credit,
}


def _together(values: Values) -> None:
    course = values.get("courseTypeCode")
    if course is not None and course not in codes(COURSES_OF[values["eduType"]]):
        raise Refused(Code.INVALID, "courseTypeCode 与 eduType 不符")
    # one fixed format, so the order of the texts is the order in time
    if "endTime" in values and values["endTime"] <= values["startTime"]:
        raise Refused(Code.INVALID, "endTime 应晚于 startTime")
