"""The table, and its place in the README."""

from pathlib import Path

import pytest

from tests.faults.oracle import report
from tests.faults.oracle.hand_made import good
from tests.faults.oracle.hand_made_bad import BAD
from tests.faults.oracle.history import History
from tests.faults.oracle.stream import Fault, Row
from tests.faults.oracle.truth import Policy, judge


def row(history: History) -> Row:
    return Row(Fault("made by hand", None), 3, judge(history, Policy()), history)


def test_breaches_stand_in_their_columns_and_are_summed_up() -> None:
    rows = [row(good()), row(BAD["a lane out of order"][1]()), row(BAD["messages that are left"][1]())]
    columns = [dict(zip(report.HEADINGS[1:], report.total([report.cells(each) for each in rows])[1:], strict=True))]
    assert columns == [
        {
            "runs": "9",
            "events": "6",
            "lost": "0",
            "reordered": "1",
            "two at once": "0",
            "executed twice": "0",
            "other breaches": "1",
            "died": "0",
            "results repeated": "0",
            "calls repeated": "0",
        }
    ]


def test_a_breach_is_told_with_all_that_was_seen_of_both_events() -> None:
    told = list(report.breaches(row(BAD["a lane out of order"][1]())))
    assert told[:2] == ["made by hand: reordered: 1", "  reordered: k0000-00001 was done after k0000-00002"]
    assert sum("called by 127.0.0.2: 200, done" in line for line in told) == 2


def test_the_table_goes_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.into_readme(readme, [row(good())], "Commit abc.", only_these=False)
    text = readme.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n| fault |")
    assert text.endswith(f"Commit abc.\n{report.END}\nafter\n")
    assert "old" not in text


def test_rows_that_were_made_anew_stand_in_the_old_table_with_a_stamp_of_their_own(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{report.BEGIN}\n{report.END}\n")
    other = Row(Fault("another one", None), 4, judge(good(), Policy()), good())
    broken = row(BAD["a lane out of order"][1]())
    report.into_readme(readme, [broken, other], "Commit abc.", only_these=False)
    report.into_readme(readme, [row(good())], "Commit def.", only_these=True)
    report.into_readme(readme, [row(good())], "Commit ghi.", only_these=True)
    lines = [line for line in readme.read_text().splitlines() if not line.startswith("<!--")]
    assert lines == [*report.markdown([row(good()), other], "Commit abc.").splitlines(), "made by hand: Commit ghi."]


def test_a_readme_without_marks_is_left_alone(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing here\n")
    with pytest.raises(ValueError, match=r"README\.md has no"):
        report.into_readme(readme, [], "Commit abc.", only_these=True)
    assert readme.read_text() == "nothing here\n"
