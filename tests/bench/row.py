"""A row of the report, as whoever measures it gives it, and what a run is asked for."""

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.bench.rig import Rig


@dataclass(frozen=True)
class Options:
    """How much of each: the events of a trial, and how often each trial is repeated."""

    events: int = 20_000
    rounds: int = 3

    @property
    def scale(self) -> float:
        """What share of a full run this is."""
        return self.events / Options.events


@dataclass(frozen=True)
class Row:
    """What was aimed at and what was measured, in words; `met` is None where nothing can be said.

    `data` is for the results' file: numbers, texts, lists and mappings of them. `detail` is Markdown of its own,
    without headings, that stands below the table of all rows.
    """

    name: str
    goal: str
    measured: str
    met: bool | None
    data: Mapping[str, Any] = field(default_factory=dict)
    detail: str = ""


Measure = Callable[[Rig, Options], Awaitable[Row]]
"""What every module of a row has as `measure`; its `NAME` is that of the row."""


def table(headings: list[str], lines: list[list[str]]) -> str:
    """A Markdown table, numbers on the right: the first column is text."""
    ruled = [headings, ["---", *["---:"] * (len(headings) - 1)], *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in ruled)


def say(text: str) -> None:
    """Tell whoever waits, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
