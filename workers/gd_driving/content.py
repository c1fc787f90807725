"""What a file is by its first bytes, and whether A.5.3 takes it as this type. Pure."""

from collections.abc import Mapping

from schemas.gd_driving.codes import FILE_RULES

SUFFIXES: Mapping[str | None, str] = {"jpeg": "jpg", "png": "png", "pdf": "pdf", "mp4": "mp4"}
"""Of the file name in the form; a name says nothing about the content and is not looked at."""

PDF_HEADER_WITHIN = 1024
"""Bytes before `%PDF-` that readers put up with."""


def format_of(content: bytes) -> str | None:
    """jpeg, png, pdf or mp4; None for anything else."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content[4:8] == b"ftyp":
        return "mp4"
    return "pdf" if b"%PDF-" in content[: PDF_HEADER_WITHIN + 5] else None


def size_limit(file_type: str, largest: int) -> int:
    """Bytes that a file of this type may have; `largest` where A.5.3 does not say."""
    return FILE_RULES[file_type].limit or largest


def flaw(file_type: str, content: bytes, largest: int) -> str | None:
    """Why the platform would not take this file; None when it would. Names type, rule and size, no content."""
    rule = FILE_RULES[file_type]
    limit = size_limit(file_type, largest)
    if not content:
        return f"{file_type} {rule.name}: the file is empty"
    if len(content) > limit:
        return f"{file_type} {rule.name}: the file is larger than {limit} bytes"
    if rule.formats and format_of(content) not in rule.formats:
        return f"{file_type} {rule.name}: by its content the file is none of {', '.join(sorted(rule.formats))}"
    return None
