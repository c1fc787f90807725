"""The document's field tables, copied by hand, and short ways to ask the schema about them."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.fields import Data
from schemas.gd_accounting import EVENTS, INBOUND

MODELS = {**EVENTS, **INBOUND}

# The document's tables 输入参数 (for learner-arrived: data数据), line by line: 名称, 数据类型, 长度（字节）.
DOCUMENT: dict[str, list[tuple[str, str, int | None]]] = {
    "login-resolve": [("authorizationCode", "String", 1024)],
    "enrolment-check": [("ticket", "String", 512), ("token", "String", 512)],
    "enrolment-register": [
        ("ticket", "String", 512),
        ("regTime", "String", 20),
        ("year", "int", 4),
        ("areaCode", "String", 6),
        ("eduType", "String", 3),
        ("token", "String", 512),
    ],
    "enrolment-cancel": [
        ("ticket", "String", 512),
        ("cancelTime", "String", 20),
        ("year", "int", 4),
        ("areaCode", "String", 6),
        ("eduType", "String", 3),
        ("token", "String", 512),
    ],
    "mobile-login-sync": [
        ("ticket", "String", 512),
        ("loginTime", "String", 19),
        ("year", "int", 4),
        ("areaCode", "String", 6),
        ("appId", "String", 32),
    ],
    "qrcode-get": [
        ("token", "String", 512),
        ("ticket", "String", 512),
        ("areaCode", "String", 6),
        ("eduType", "String", 3),
        ("courseTypeCode", "String", 10),
    ],
    "verification-query": [("token", "String", 512), ("ticket", "String", 512), ("uuid", "String", None)],
    "credit-sync": [
        ("ticket", "String", 512),
        ("year", "int", 4),
        ("areaCode", "String", 6),
        ("eduType", "String", 3),
        ("courseTypeCode", "String", 10),
        ("credit", "Float", None),  # 保留小数2位
        ("startTime", "String", 20),
        ("endTime", "String", 20),
        ("token", "String", 512),
    ],
    "learner-arrived": [
        ("ticket", "String", 512),
        ("idNum", "String", 18),
        ("realName", "String", 96),  # the document's 32, read as characters: a long name keeps nobody out
        ("pqLevel", "String", 1),
        ("year", "int", 4),
        ("areaCode", "String", 6),
        ("sign", "String", 32),
    ],
}
GATEWAYS_OWN = {"token", "appId", "sign"}  # added, or checked and dropped, by the gateway
OUR_OWN = {"learner-arrived": ["arrival"]}


def example(operation: str, **changes: Any) -> dict[str, Any]:
    return {**MODELS[operation].model_json_schema()["examples"][0], **changes}


def read(operation: str, **changes: Any) -> Data:
    return MODELS[operation].model_validate(example(operation, **changes))


def refusals(operation: str, data: dict[str, Any]) -> set[tuple[str, str]]:
    """Field and error type of everything that is wrong with the data."""
    with pytest.raises(ValidationError) as refused:
        MODELS[operation].model_validate(data)
    return {(str(error["loc"][0]), error["type"]) for error in refused.value.errors()}


def refused(operation: str, **changes: Any) -> set[tuple[str, str]]:
    return refusals(operation, example(operation, **changes))
