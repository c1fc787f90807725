"""What a run leaves for people: the table, the histories of what broke, the README's part."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.faults.oracle.finding import Finding
from tests.faults.oracle.history import History, Trouble
from tests.faults.oracle.stream import Row
from tests.readme import rewrite

BEGIN, END = "<!-- faults:begin -->", "<!-- faults:end -->"
SHOWN = 3
"""Breaches of each kind whose history is told."""

BREACHES = {
    "lost": ("lost",),
    "reordered": ("reordered", "overlapped"),
    "two at once": ("two at once",),
    "executed twice": ("executed twice",),
}
"""Columns of the table that have to be 0, and the kinds of finding they count."""

HEADINGS = ("fault", "runs", "events", *BREACHES, "other breaches", "died", "results repeated", "calls repeated")


def cells(row: Row) -> list[str]:
    """A row of the table."""
    verdict = row.verdict
    known = [verdict.count(*kinds) for kinds in BREACHES.values()]
    other = len(verdict.findings) - sum(known) - verdict.count("died")
    unharmful = (verdict.died, verdict.results_repeated, verdict.calls_repeated)
    return [row.fault.name, *map(str, (row.runs, verdict.events, *known, other, *unharmful))]


def total(table: Sequence[Sequence[str]]) -> list[str]:
    """The sums."""
    columns = list(zip(*(line[1:] for line in table), strict=True))
    return ["**all**", *(str(sum(map(int, column))) for column in columns)]


def markdown(rows: Sequence[Row], stamp: str) -> str:
    """The README's table, and when and on what it was made."""
    return _written([cells(row) for row in rows], [stamp])


def _written(table: Sequence[Sequence[str]], stamps: Sequence[str]) -> str:
    lines = [HEADINGS, ["---", *["---:"] * (len(HEADINGS) - 1)], *table, total(table)]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", *stamps])


def amended(before: str, rows: Sequence[Row], stamp: str) -> str:
    """The table as it was, with these rows made anew, and said so below it."""
    told = [line for line in before.splitlines() if line.strip()]
    table = [line.strip("| ").split(" | ") for line in told if line.startswith("|")][2:-1]
    stamps = [line for line in told if not line.startswith("|")]
    for row in rows:
        name = row.fault.name
        table = [cells(row) if line[0] == name else line for line in table]
        stamps = [*(line for line in stamps if not line.startswith(f"{name}: ")), f"{name}: {stamp}"]
    return _written(table, stamps)


def into_readme(readme: Path, rows: Sequence[Row], stamp: str, *, only_these: bool) -> None:
    """Put the table between the two marks, or these rows into it. Raises ValueError where the marks are missing."""
    rewrite(readme, BEGIN, END, lambda old: amended(old, rows, stamp) if only_these else markdown(rows, stamp))


def line(row: Row) -> str:
    """One line for the terminal."""
    named = zip(HEADINGS[1:], cells(row)[1:], strict=True)
    verdict = "ok" if not row.verdict.findings else "BROKEN"
    return f"{verdict:6} {row.fault.name}: " + ", ".join(f"{name} {value}" for name, value in named)


def breaches(row: Row) -> Iterator[str]:
    """The first breaches of each kind, each with all that was seen of its event."""
    for kind in dict.fromkeys(finding.kind for finding in row.verdict.findings):
        found = [finding for finding in row.verdict.findings if finding.kind == kind]
        yield f"{row.fault.name}: {kind}: {len(found)}"
        for finding in found[:SHOWN]:
            yield from _told(finding, row.history)


def _told(finding: Finding, history: History) -> Iterator[str]:
    yield f"  {finding}"
    start = min((call.began for call in history.calls), default=0.0)
    told = [line for event in (finding.event, finding.beside) if event for line in _seen(event, history)]
    for at, text in sorted(set(told)):
        yield f"    {at - start:9.3f} s  {text}"


def _seen(event: str, history: History) -> Iterator[tuple[float, str]]:
    """All that was seen of an event, and what was done to the gateway meanwhile. Everything is synthetic."""
    if event in history.events:
        published = history.events[event]
        told = f"{published.event.operation}, to {published.event.wish}, {published.copies} copies"
        yield published.at, f"{event} published: {told}"
    for call in history.calls_of.get(event, []):
        done = "" if call.executed is None else ", done"
        yield call.began, f"{event} called by {call.peer}: {call.answer}{done}, after {call.ended - call.began:.3f} s"
    for result in history.results:
        if result.event == event:
            yield result.at, f"{event} has a result: {result.ending}"
    for letter in history.letters:
        if letter.event == event:
            yield float("inf"), f"{event} has a dead letter: {letter.category}"
    for trouble in _around(event, history):
        yield (
            trouble.began,
            f"trouble for {trouble.ended - trouble.began:.1f} s: {trouble.what}, {trouble.peer or 'all'}",
        )


def _around(event: str, history: History) -> Iterator[Trouble]:
    calls = history.calls_of.get(event, [])
    if calls:
        yield from (t for t in history.troubles if t.within(calls[0].began - 1, calls[-1].ended + 1))
