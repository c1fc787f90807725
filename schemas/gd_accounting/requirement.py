"""年度继续教育完成学分要求: what a learner must reach in a year (关键业务规则说明, at the head of the document)."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

FROM_YEAR = 2021
"""继续教育年度>=2021年; the document holds for 2021 and later years only (适用年度说明)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """At least so many 学分. `edu_types`: which 继续教育类型 count. `strict`: false where it holds 原则上 only."""

    name: str
    title: str
    edu_types: frozenset[str]
    least: Decimal
    strict: bool = True


REQUIREMENTS = (
    Requirement("total", "总学分", frozenset({"PRO", "PUB"}), Decimal(90)),
    Requirement("professional", "专业学分", frozenset({"PRO"}), Decimal(60)),
    Requirement("public", "公需学分", frozenset({"PUB"}), Decimal(30), strict=False),
)


def annual(year: int, credits_by_type: Mapping[str, Decimal]) -> dict[str, object]:
    """The sums of a learner's year, what is missing of each, and whether the strict ones are fulfilled."""
    sums = {r.name: sum((credits_by_type.get(t, Decimal(0)) for t in r.edu_types), Decimal(0)) for r in REQUIREMENTS}
    missing = {r.name: max(Decimal(0), r.least - sums[r.name]) for r in REQUIREMENTS}
    return {
        "year": year,
        "sums": {name: float(value) for name, value in sums.items()},
        "missing": {name: float(value) for name, value in missing.items()},
        "fulfilled": all(missing[r.name] == 0 for r in REQUIREMENTS if r.strict),
    }
