"""The documents' code lists, kept as CSV files in `dictionaries/` beside the models that use them.

A file is UTF-8 with a header that names at least `code` and `name`; further columns are for its readers.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from types import MappingProxyType


class DictionaryError(ValueError):
    """A dictionary file that cannot be trusted; the message begins with file and line."""


@dataclass(frozen=True, eq=False, slots=True)
class Dictionary:
    """One code list: `section` as the document titles it, `names` from code to name in its order."""

    section: str
    names: Mapping[str, str]


@cache
def load(package: str, filename: str, section: str) -> Dictionary:
    """Read `dictionaries/<filename>` of a package, once. Raises `DictionaryError` if the file is wrong."""
    file = files(package) / "dictionaries" / filename
    return Dictionary(section, MappingProxyType(_names(file)))


def _names(file: Traversable) -> dict[str, str]:
    rows = csv.DictReader(StringIO(_text(file), newline=""))
    if not {"code", "name"} <= set(rows.fieldnames or ()):
        raise DictionaryError(f"{file}:1: the header must name the columns code and name")
    names: dict[str, str] = {}
    for row in rows:
        if flaw := _flaw(row, names):
            raise DictionaryError(f"{file}:{rows.line_num}: {flaw}")
        names[row["code"]] = row["name"]
    if not names:
        raise DictionaryError(f"{file}:1: there is no code below the header")
    return names


def _text(file: Traversable) -> str:
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")  # a spreadsheet that saved it may have put a byte order mark
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DictionaryError(f"{file}:{line}: this is not UTF-8") from error


def _flaw(row: Mapping[str | None, object], names: Mapping[str, str]) -> str | None:
    """What is wrong with a row, given the codes above it."""
    if None in row or None in row.values():
        return "not as many columns as the header"
    for column in ("code", "name"):
        text = str(row[column])
        if not text or text != text.strip():
            return f"{column} must not be empty or have blanks around it"
    return f"code {row['code']} stands here for the second time" if row["code"] in names else None
