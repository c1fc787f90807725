"""Section 13, 数据字典: the codes that requests may use, from the transcribed tables."""

from functools import cache

from schemas.dictionaries import load

COURSES_OF = {"PRO": "professional_courses", "PUB": "public_courses"}
"""Which dictionary holds the courses of a 继续教育类型: 专业课 or 公需课."""


@cache
def codes(dictionary: str) -> frozenset[str]:
    """The codes of administrative_divisions, edu_types, professional_courses or public_courses."""
    return frozenset(load("schemas.gd_accounting", f"{dictionary}.csv", "13 数据字典").names)
