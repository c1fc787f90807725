"""附件四's and 附件二's tables, copied by hand, and short ways to ask the schema about them."""

from copy import deepcopy
from typing import Any, Literal, NamedTuple

import pytest
from pydantic import ValidationError

from schemas.fields import Data
from schemas.gd_driving import EVENTS, INBOUND

MODELS = {**EVENTS, **INBOUND}


class Line(NamedTuple):
    """元素名称, 必选, 类型, 长度 (None: not given)."""

    name: str
    required: Literal["是", "否"]
    kind: Literal["字符型", "数值型"]
    length: str | None


def _lines(text: str) -> list[Line]:
    return [Line(*line.split()) for line in text.strip().splitlines()]  # type: ignore[arg-type]


DOCUMENT: dict[str, list[Line]] = {
    # A.6.2.3.1, 表A.2, 35 rows
    "coach-submit": _lines("""
        inscode          是 字符型 F16
        coachnum         是 字符型 F16
        name             是 字符型 V64
        sex              是 数值型 V4
        idcard           是 字符型 V128
        mobile           是 字符型 V32
        address          否 字符型 V256
        photo            是 数值型 V16
        fingerprint      否 数值型 V16
        drilicence       是 字符型 V128
        fstdrilicdate    是 字符型 V64
        occupationno     否 字符型 V128
        occupationlevel  否 字符型 V8
        dripermitted     是 字符型 V8
        teachpermitted   是 字符型 V8
        employstatus     是 字符型 V4
        hiredate         是 字符型 V64
        leavedate        否 字符型 V64
        csny             是 字符型 V64
        jg               否 字符型 V256
        mz               否 字符型 V128
        whcd             否 数值型 V2
        zc               否 字符型 V128
        lxdzyb           否 字符型 V128
        jtdz             否 字符型 V256
        jtdzyb           否 字符型 V128
        zjlx             否 数值型 V2
        jsz              是 数值型 V16
        sfz              是 数值型 V16
        ydwjpzm          否 数值型 V16
        pyht             是 数值型 V16
        pykssj           是 字符型 V64
        pyjssj           是 字符型 V64
        xlzm             否 数值型 V16
        jdcjsraqjsjl     否 数值型 V16
    """),
    # A.6.2.9.1, numbered 1 2 4 5 6 7 8 11 12 13: 10 rows
    "simulator-submit": _lines("""
        inscode       是 字符型 F16
        simulatornum  是 字符型 F4
        brand         否 字符型 V256
        model         是 字符型 V128
        type          是 数值型 V1
        photo         是 数值型 V16
        manufacture   是 字符型 V256
        perdritype    是 字符型 V50
        buydate       是 字符型 V64
        location      是 字符型 V64
    """),
    # A.6.3.1.1, 表A.4, 18 rows
    "student-submit": _lines("""
        inscode        是 字符型 F16
        stunum         是 字符型 F16
        cardtype       是 字符型 V4
        idcard         是 字符型 V128
        nationality    是 字符型 V128
        name           是 字符型 V64
        sex            是 字符型 V4
        phone          是 字符型 V32
        address        否 字符型 V256
        photo          是 数值型 V16
        fingerprint    否 数值型 V16
        busitype       是 字符型 V4
        drilicnum      否 字符型 V128
        fstdrilicdate  否 字符型 V64
        perdritype     否 字符型 V8
        traintype      是 字符型 V8
        applydate      是 字符型 V64
        contract       否 数值型 V16
    """),
    # A.6.3.1.5, 表A.6, 6 rows
    "learning-certificate-submit": _lines("""
        inscode      是 字符型 F16
        stunum       是 字符型 F16
        number       是 字符型 V64
        scores       是 数值型 V3
        venue        是 字符型 V64
        certificate  是 数值型 V16
    """),
    # A.6.3.2, 表A.8, 25 rows
    "class-record-submit": _lines("""
        inscode      是 字符型 F16
        stunum       是 字符型 F16
        coachnum     是 字符型 F16
        carnum       是 字符型 F16
        simunum      是 字符型 F16
        platnum      是 字符型 F5
        recnum       是 字符型 F5
        subjcode     是 字符型 F10
        photo1       是 字符型 V32
        photo2       否 字符型 V32
        photo3       是 字符型 V32
        starttime    是 字符型 V64
        endtime      是 字符型 V64
        duration     是 字符型 V64
        mileage      是 数值型 V16
        avevelocity  是 数值型 V16
        coacmt       否 字符型 V64
        total        是 数值型 V6
        part1        是 数值型 V6
        part2        是 数值型 V6
        part3        是 数值型 V6
        part4        是 数值型 V6
        regionseq    否 字符型 V4
        logininfo    是 字符型 V512
        logoutinfo   否 字符型 V512
    """),
    # 附件二, 4 rows; the table has 默认值 null in place of 必选, and no lengths
    "training-signed": [
        Line("code", "是", "字符型", None),
        Line("expirationtime", "否", "字符型", None),
        Line("stunum", "是", "字符型", None),
        Line("callback", "否", "字符型", None),
    ],
}
RECORDS = [name for name in DOCUMENT if name != "training-signed"]

ROWS = {
    "coach-submit": 35,
    "simulator-submit": 10,
    "student-submit": 18,
    "learning-certificate-submit": 6,
    "class-record-submit": 25,
    "training-signed": 4,
}

# 必选 by the table, yet not in every event: 远程教育平台不使用, and what the account adds
ASKED_OTHERWISE = {
    ("class-record-submit", "coachnum"),
    ("class-record-submit", "carnum"),
    ("class-record-submit", "simunum"),
    ("class-record-submit", "platnum"),
}

FILE_TYPES = {  # A.5.3, word by word: formats and size, None where it says nothing of the kind
    "stuimg": None, "stufp": None, "coachimg": None, "coachfp": None, "examinerimg": None, "examinerfp": None,
    "securityguardimg": None, "securityguardfg": None, "vehimg": None, "outletsimg": None, "occupationimg": None,
    "voiceprintimg": None, "epdfimg": ("pdf", None), "onlineimg": None, "classroom": None, "simulation": None,
    "video": None, "simulatorimg": None,
    "jlcsyzmhcqzm": ("pdf", "1M"), "jlcjstjsmwj": ("pdf", "1M"), "jsz": ("jpg、jpeg、png", "500K"),
    "sfz": ("jpg、jpeg、png", "500K"), "ydwjpzm": ("jpg、jpeg、png", "500K"), "pyht": ("pdf", "1M"),
    "xszsmj": ("jpg、jpeg、png", "500K"), "jstjzmsmj": ("jpg、jpeg、png", "500K"),
    "cxzmsmj": ("jpg、jpeg、png", "500K"), "gzzmsmj": ("jpg、jpeg、png", "500K"),
    "cchgzhdjzmsmj": ("jpg、jpeg、png", "500K"), "jszdsbazt": ("jpg、jpeg、png", "500K"), "qtsmj": None,
    "xlzm": ("pdf", "1M"), "jdcjsraqjsjl": ("pdf", "1M"), "rpproperty": ("pdf", "1M"),
    "rplogo": ("jpg、jpeg、png", "500K"), "rpphoto": ("jpg、jpeg、png", "500K"), "trainvideo": ("mp4", "3M"),
    "certificate": ("pdf", "1M"), "stucontract": ("pdf", "5M"),
}  # fmt: skip

FILES = {  # the fields that want a file's id, and the type their 描述及要求 names
    "coach-submit": {
        "photo": "coachimg", "fingerprint": "coachfp", "jsz": "jsz", "sfz": "sfz", "ydwjpzm": "ydwjpzm",
        "pyht": "pyht", "xlzm": "xlzm", "jdcjsraqjsjl": "jdcjsraqjsjl",
    },
    "simulator-submit": {"photo": "simulatorimg"},
    "student-submit": {"photo": "stuimg", "fingerprint": "stufp", "contract": "stucontract"},
    "learning-certificate-submit": {"certificate": "certificate"},
    "class-record-submit": {"photo1": "vehimg", "photo2": "vehimg", "photo3": "vehimg"},
}  # fmt: skip


_EXAMPLES: dict[str, dict[str, Any]] = {
    operation: model.model_json_schema()["examples"][0] for operation, model in MODELS.items()
}


def example(operation: str, **changes: Any) -> dict[str, Any]:
    return {**deepcopy(_EXAMPLES[operation]), **changes}


def without(operation: str, *names: str, **changes: Any) -> dict[str, Any]:
    return {name: value for name, value in example(operation, **changes).items() if name not in names}


def read(operation: str, **changes: Any) -> Data:
    return MODELS[operation].model_validate(example(operation, **changes))


def refusals(operation: str, data: dict[str, Any]) -> set[tuple[str, str]]:
    """Field and error type of everything that is wrong with the data."""
    with pytest.raises(ValidationError) as refused:
        MODELS[operation].model_validate(data)
    return {(str(error["loc"][0]) if error["loc"] else "", error["type"]) for error in refused.value.errors()}


def refused(operation: str, **changes: Any) -> set[tuple[str, str]]:
    return refusals(operation, example(operation, **changes))
