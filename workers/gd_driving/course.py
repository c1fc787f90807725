"""What is odd about a course code (课程编码, A4.2). Real reports break these rules, so they warn. Pure."""

from collections.abc import Iterator

from schemas.dictionaries import Dictionary
from schemas.gd_driving.codes import (
    COURSE_METHODS,
    COURSE_PARTS,
    COURSE_PROJECTS,
    COURSE_VEHICLES,
    PART_OF_PROJECT,
)

PIECES: tuple[tuple[str, slice, Dictionary], ...] = (
    ("培训方式", slice(0, 1), COURSE_METHODS),
    ("车型", slice(1, 3), COURSE_VEHICLES),
    ("培训部分", slice(3, 4), COURSE_PARTS),
    ("培训项目", slice(4, 6), COURSE_PROJECTS),
)
FILLER = "0000"


def warnings(subjcode: str) -> list[str]:
    """One sentence for each rule that the code breaks; none for a code as A4.2 has it."""
    return [f"subjcode 课程编码 {subjcode}: {oddity}" for oddity in _oddities(subjcode)]


def _oddities(code: str) -> Iterator[str]:
    if not (code.isascii() and code.isdigit()):
        yield "has characters that are no digits"
    for title, place, dictionary in PIECES:
        if code[place] not in dictionary.names:
            yield f"{title} {code[place]} is not listed"
    part = PART_OF_PROJECT.get(code[4:6])
    if part is not None and part != code[3]:
        yield f"培训项目 {code[4:6]} belongs to part {part}, not to part {code[3]}"
    if code[6:] != FILLER:
        yield f"does not end in {FILLER}"
