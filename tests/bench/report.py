"""What a run leaves for people: the README's part, and for machines: the results' file. Pure but for the writing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.bench.row import Row
from tests.readme import rewrite

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
HEAD = ["| | goal | measured | met |", "| --- | --- | --- | --- |"]
MARK = "### "
"""Begins what a row has of its own, followed by the row's name."""

VERDICTS = {True: "yes", False: "**no**", None: "–"}


@dataclass(frozen=True)
class Report:
    """The README's part: for each row, by name, a line of the table and a detail; when and where it was measured."""

    lines: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    stamps: Sequence[str] = ()

    @classmethod
    def read(cls, text: str) -> "Report":
        """What `written` wrote."""
        top, *parts = text.strip().split(f"\n{MARK}")
        told = [line for line in top.splitlines() if line.strip()]
        table = [line for line in told if line.startswith("| ") and line not in HEAD]
        details = {name: rest.strip() for name, _, rest in (part.partition("\n") for part in parts)}
        return cls({_name(line): line for line in table}, details, [line for line in told if line[:1] != "|"])

    def written(self) -> str:
        """Markdown."""
        details = [f"{MARK}{name}\n\n{text}" for name, text in self.details.items()]
        return "\n\n".join(["\n".join([*HEAD, *self.lines.values()]), "\n".join(self.stamps), *details])

    def amended(self, rows: Sequence[Row], stamp: str) -> "Report":
        """With these rows made anew, each with a stamp of its own, and the others as they were."""
        made, again = report(rows, ""), {row.name for row in rows}
        kept = {name: text for name, text in self.details.items() if name not in again}
        stamps = [line for line in self.stamps if line.partition(": ")[0] not in again]
        stamps += [f"{row.name}: {stamp}" for row in rows]
        return Report({**self.lines, **made.lines}, {**kept, **made.details}, stamps)

    def ordered(self, names: Sequence[str]) -> "Report":
        """With rows and details in this order; those of rows that are no more fall out."""
        lines = {name: self.lines[name] for name in names if name in self.lines}
        return replace(
            self, lines=lines, details={name: self.details[name] for name in names if name in self.details}
        )


def report(rows: Sequence[Row], stamp: str) -> Report:
    """A report of these rows alone."""
    lines = {row.name: f"| {row.name} | {row.goal} | {row.measured} | {VERDICTS[row.met]} |" for row in rows}
    return Report(lines, {row.name: row.detail for row in rows if row.detail}, [stamp])


def into_readme(readme: Path, made: Sequence[Row], stamp: str, *, names: Sequence[str], only_these: bool) -> None:
    """Put the report between the two marks, or these rows into it. Raises ValueError where the marks are missing."""

    def change(old: str) -> str:
        now = Report.read(old).amended(made, stamp) if only_these else report(made, stamp)
        return now.ordered(names).written()

    rewrite(readme, BEGIN, END, change)


def into_results(file: Path, rows: Sequence[Row], stamp: str) -> None:
    """Put the rows' data into the results' file; others that are in it stay as they are."""
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    for row in rows:
        told = {"goal": row.goal, "measured": row.measured, "met": row.met, "data": row.data}
        known[row.name] = {"stamp": stamp, **told}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _name(line: str) -> str:
    """The row of a line of the table."""
    return line.removeprefix("| ").partition(" | ")[0]
