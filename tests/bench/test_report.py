from pathlib import Path

import pytest

from tests.bench.report import BEGIN, END, Report, into_readme, into_results, report
from tests.bench.row import Row, table

FAST = Row(
    "fast", "≥ 1,000/s", "900/s", met=False, data={"rates": [900]}, detail="| who | a second |\n| --- | ---: |"
)
SMALL = Row("small", "< 1 MB", "0.5 MB", met=True)
STAMP = "Commit abc, on a machine."


def test_a_report_is_read_as_it_was_written() -> None:
    made = report([FAST, SMALL], STAMP)
    assert Report.read(made.written()) == made


def test_a_goal_that_is_missed_is_said_aloud() -> None:
    assert "| fast | ≥ 1,000/s | 900/s | **no** |" in report([FAST], STAMP).written()


def test_a_row_made_anew_has_its_own_stamp_and_leaves_the_others() -> None:
    again = report([FAST, SMALL], STAMP).amended([Row("small", "< 1 MB", "2 MB", met=False)], "Commit def.")
    assert again.lines["fast"] == "| fast | ≥ 1,000/s | 900/s | **no** |"
    assert again.lines["small"] == "| small | < 1 MB | 2 MB | **no** |"
    assert again.stamps == [STAMP, "small: Commit def."]


def test_a_row_made_anew_twice_has_one_stamp() -> None:
    again = report([SMALL], STAMP).amended([SMALL], "Commit def.").amended([SMALL], "Commit fed.")
    assert again.stamps == [STAMP, "small: Commit fed."]


def test_a_detail_that_is_no_more_goes() -> None:
    assert not report([FAST], STAMP).amended([Row("fast", "", "", met=None)], STAMP).details


def test_rows_of_an_empty_readme_come_in_their_order(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\n{END}\nafter\n", encoding="utf-8")
    for row in (SMALL, FAST):
        into_readme(readme, [row], STAMP, names=["fast", "small"], only_these=True)
    text = readme.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert text.index("| fast") < text.index("| small")


def test_a_readme_without_its_marks_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match=r"README\.md has no"):
        into_readme(readme, [FAST], STAMP, names=["fast"], only_these=False)


def test_results_of_other_rows_stay(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    into_results(file, [FAST], STAMP)
    into_results(file, [SMALL], STAMP)
    assert '"rates"' in file.read_text(encoding="utf-8")
    assert '"small"' in file.read_text(encoding="utf-8")


def test_numbers_stand_on_the_right() -> None:
    assert table(["who", "a second"], [["we", "1"]]) == "| who | a second |\n| --- | ---: |\n| we | 1 |"
