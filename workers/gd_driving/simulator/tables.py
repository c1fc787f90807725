"""附件四 as tables: 元素名称, 必选, 类型, 长度, and what 描述及要求 demands of the value."""

from dataclasses import dataclass
from typing import Literal

Demand = Literal["day", "moment", "vehicle", "vehicles", "location", "number", "file", "photo"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `fixed`: F, exactly this long; else V, at most."""

    name: str
    required: bool
    type: Literal["字符型", "数值型"]
    fixed: bool
    length: int
    demand: Demand | None = None
    codes: tuple[str, ...] = ()
    file_type: str = ""


def _rows(text: str) -> tuple[Row, ...]:
    return tuple(_row(line.split()) for line in text.strip().splitlines())


def _row(cells: list[str]) -> Row:
    """`name 是 字 F16 [demand | =code,code,… | file:type]`."""
    name, required, kind, length, *rest = cells
    note = rest[0] if rest else ""
    return Row(
        name,
        required == "是",
        "字符型" if kind == "字" else "数值型",
        length[0] == "F",
        int(length[1:]),
        "file" if note.startswith("file:") else None if note.startswith("=") or not note else note,  # type: ignore[arg-type]
        tuple(note[1:].split(",")) if note.startswith("=") else (),
        note.removeprefix("file:") if note.startswith("file:") else "",
    )


VEHICLES = frozenset(["A1", "A2", "A3", "B1", "B2", "C1", "C2", "C3", "C4", "C5", "D", "E", "F", "M", "N", "P"])

COACH = _rows("""
inscode 是 字 F16
coachnum 是 字 F16
name 是 字 V64
sex 是 数 V4 =1,2
idcard 是 字 V128
mobile 是 字 V32
address 否 字 V256
photo 是 数 V16 file:coachimg
fingerprint 否 数 V16 file:coachfp
drilicence 是 字 V128
fstdrilicdate 是 字 V64 day
occupationno 否 字 V128
occupationlevel 否 字 V8 =1,2,3,4
dripermitted 是 字 V8 vehicle
teachpermitted 是 字 V8 vehicle
employstatus 是 字 V4 =0,1
hiredate 是 字 V64 day
leavedate 否 字 V64 day
csny 是 字 V64 day
jg 否 字 V256
mz 否 字 V128
whcd 否 数 V2 =1,2,3
zc 否 字 V128
lxdzyb 否 字 V128
jtdz 否 字 V256
jtdzyb 否 字 V128
zjlx 否 数 V2 =1,2
jsz 是 数 V16 file:jsz
sfz 是 数 V16 file:sfz
ydwjpzm 否 数 V16 file:ydwjpzm
pyht 是 数 V16 file:pyht
pykssj 是 字 V64 day
pyjssj 是 字 V64 day
xlzm 否 数 V16 file:xlzm
jdcjsraqjsjl 否 数 V16 file:jdcjsraqjsjl
""")

SIMULATOR = _rows("""
inscode 是 字 F16
simulatornum 是 字 F4
brand 否 字 V256
model 是 字 V128
type 是 数 V1 =1,2,3
photo 是 数 V16 file:simulatorimg
manufacture 是 字 V256
perdritype 是 字 V50 vehicles
buydate 是 字 V64 day
location 是 字 V64 location
""")

STUDENT = _rows("""
inscode 是 字 F16
stunum 是 字 F16
cardtype 是 字 V4 =1,2,3,4,5,6,7,8,9,10
idcard 是 字 V128
nationality 是 字 V128
name 是 字 V64
sex 是 字 V4 =1,2
phone 是 字 V32
address 否 字 V256
photo 是 数 V16 file:stuimg
fingerprint 否 数 V16 file:stufp
busitype 是 字 V4 =0,1,9
drilicnum 否 字 V128
fstdrilicdate 否 字 V64 day
perdritype 否 字 V8 vehicle
traintype 是 字 V8 vehicle
applydate 是 字 V64 day
contract 否 数 V16 file:stucontract
""")

LEARNING_CERTIFICATE = _rows("""
inscode 是 字 F16
stunum 是 字 F16
number 是 字 V64
scores 是 数 V3
venue 是 字 V64
certificate 是 数 V16 file:certificate
""")

CLASS_RECORD = _rows("""
inscode 是 字 F16
stunum 是 字 F16
coachnum 是 字 F16
carnum 是 字 F16
simunum 是 字 F16
platnum 是 字 F5
recnum 是 字 F5
subjcode 是 字 F10
photo1 是 字 V32 photo
photo2 否 字 V32 photo
photo3 是 字 V32 photo
starttime 是 字 V64 moment
endtime 是 字 V64 moment
duration 是 字 V64 number
mileage 是 数 V16
avevelocity 是 数 V16
coacmt 否 字 V64
total 是 数 V6
part1 是 数 V6
part2 是 数 V6
part3 是 数 V6
part4 是 数 V6
regionseq 否 字 V4
logininfo 是 字 V512
logoutinfo 否 字 V512
""")

SERVICES = {
    "coach": COACH,
    "trainingsimulator": SIMULATOR,
    "student": STUDENT,
    "learningcertificate": LEARNING_CERTIFICATE,
    "classrecord": CLASS_RECORD,
}

NOT_FOR_REMOTE = frozenset({"coachnum", "carnum", "simunum"})

_K, _M = 1024, 1024 * 1024
_PICTURE, _PDF = ("jpg", "png"), ("pdf",)

FILES: dict[str, tuple[tuple[str, ...], int | None]] = {
    name: rule
    for rule, names in {
        ((), None): """
            stuimg stufp coachimg coachfp examinerimg examinerfp securityguardimg securityguardfg vehimg outletsimg
            occupationimg voiceprintimg onlineimg classroom simulation video simulatorimg qtsmj
        """,
        (_PDF, None): "epdfimg",
        (_PDF, _M): "jlcsyzmhcqzm jlcjstjsmwj pyht rpproperty certificate",
        # A.5.3 says pdf, the coach's table jpg, jpeg, png, pdf
        (_PICTURE + _PDF, _M): "xlzm jdcjsraqjsjl",
        (_PICTURE, 500 * _K): """
            jsz sfz ydwjpzm xszsmj jstjzmsmj cxzmsmj gzzmsmj cchgzhdjzmsmj jszdsbazt rplogo rpphoto
        """,
        (("mp4",), 3 * _M): "trainvideo",
        (_PDF, 5 * _M): "stucontract",
    }.items()
    for name in names.split()
}
"""文件业务类型 → formats (none: any) and largest size in bytes (None: not stated)."""
