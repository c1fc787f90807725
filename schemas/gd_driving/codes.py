"""The code lists of 附件四: file types of A.5.3, the lists in the field tables, and the parts of a course code."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from types import MappingProxyType

from schemas.dictionaries import load

FILE_TYPES = load(__package__, "file_types.csv", section="A.5.3 Type:文件业务类型")
VEHICLE_TYPES = load(__package__, "vehicle_types.csv", section="A.6.2.3.1 准驾车型 (A1 … P)")
SEXES = load(__package__, "sexes.csv", section="性别 (1:男性;2:女性)")
OCCUPATION_LEVELS = load(__package__, "occupation_levels.csv", section="A.6.2.3.1 职业资格等级 (1-4)")
EMPLOY_STATUSES = load(__package__, "employ_statuses.csv", section="A.6.2.3.1 供职状态 (0:在职;1:离职)")
EDUCATIONS = load(__package__, "educations.csv", section="A.6.2.3.1 文化程度 (1-3)")
TEACHING_TYPES = load(__package__, "teaching_types.csv", section="A.6.2.3.1 准教类型 (1-2)")
SIMULATOR_TYPES = load(__package__, "simulator_types.csv", section="A.6.2.9.1 模拟器类型 (1-3)")
CARD_TYPES = load(__package__, "card_types.csv", section="A.6.3.1.1 证件类型 (1-10)")
BUSINESS_TYPES = load(__package__, "business_types.csv", section="A.6.3.1.1 业务类型 (0, 1, 9)")

COURSE_METHODS = load(__package__, "course_methods.csv", section="A4.2 课程编码, digit 1: 培训方式")
COURSE_VEHICLES = load(__package__, "course_vehicles.csv", section="A4.2 课程编码, digits 2-3: 车型")
COURSE_PARTS = load(__package__, "course_parts.csv", section="A4.2 课程编码, digit 4: 培训部分")
COURSE_PROJECTS = load(__package__, "course_projects.csv", section="A4.2 课程编码, digits 5-6: 培训项目")

_UNITS = {"K": 1024, "M": 1024 * 1024}


@dataclass(frozen=True, slots=True)
class FileRule:
    """What A.5.3 asks of the files of one type. No formats: any. `limit`: bytes, None where it states none."""

    name: str
    formats: frozenset[str]
    limit: int | None


def _rows(filename: str) -> list[dict[str, str]]:
    content = (files(__package__) / "dictionaries" / filename).read_text(encoding="utf-8-sig")
    return list(csv.DictReader(StringIO(content, newline="")))


def _rule(row: Mapping[str, str]) -> FileRule:
    # two types are pdf in A.5.3 and "jpg, jpeg, png, pdf" in the coach's table: what either allows passes
    formats = {*row["formats"].split(), *row["coach_table"].split()} - {"any", "none"}
    limit = None if row["limit"] == "none" else int(row["limit"][:-1]) * _UNITS[row["limit"][-1]]
    return FileRule(row["name"], frozenset(formats), limit)


FILE_RULES: Mapping[str, FileRule] = MappingProxyType({row["code"]: _rule(row) for row in _rows("file_types.csv")})
"""By type. 1M is 1024 × 1024 bytes, the lenient reading. The coach's table gives formats, no other limits."""

PART_OF_PROJECT: Mapping[str, str] = MappingProxyType(
    {row["code"]: row["part"] for row in _rows("course_projects.csv")}
)
"""Which part of the syllabus a training project belongs to; real reports do not always keep to it."""
