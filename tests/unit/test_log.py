"""One line for each event, for machines or for people, and nothing sensitive in it, whatever was passed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.log import hide

ID_CARD = "440106199001011234"
TICKET = "208cbc66aaef4317843c6cedabe319e0"
ROOT = Path(__file__).parents[2]

PROGRAM = """
import logging, structlog
from gateway import log
log.configure({form!r}, {level!r})
logger = structlog.get_logger()
logger.debug("event.traced", n=1)
logger.info("event.settled", id="{ticket}", outcome="accepted", ticket="abc", reason="学员{person}")
try:
    raise ValueError("learner {person} with Bearer abcdefghijkl")
except ValueError:
    logger.exception("call.broken", operation="credit-sync")
    logging.getLogger("aiormq").exception("a library broke: %s", "{person}")
logging.getLogger("aiormq").info("not shown")
logging.getLogger("aiormq").warning("ticket %s", "{ticket}")
print("answer on standard output")
"""


def run(form: str, level: str = "info") -> list[str]:
    program = PROGRAM.format(form=form, level=level, person=ID_CARD, ticket=TICKET)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30, cwd=ROOT
    )
    assert done.stdout == "answer on standard output\n"
    return done.stderr.splitlines()


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """As a service runs: `auto` is JSON where there is no terminal."""
    return [json.loads(line) for line in run("auto")]


def test_every_record_is_one_line_of_json_with_level_and_time(lines: list[dict[str, Any]]) -> None:
    assert [(line["level"], line["event"]) for line in lines][:2] == [
        ("info", "event.settled"),
        ("error", "call.broken"),
    ]
    assert len(lines) == 4
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_an_events_id_is_shown_and_a_ticket_is_not(lines: list[dict[str, Any]]) -> None:
    settled = lines[0]
    assert (settled["id"], settled["ticket"], settled["reason"]) == (TICKET, "***(3)", "学员4***4(18)")


def test_the_libraries_records_look_like_ours_and_are_masked_too(lines: list[dict[str, Any]]) -> None:
    broken, warned = lines[2:]
    assert (broken["logger"], broken["level"]) == ("aiormq", "error")
    assert broken["event"] == "a library broke: 4***4(18)"
    assert warned["event"] == "ticket 2***0(32)"


def test_a_traceback_is_kept_and_masked(lines: list[dict[str, Any]]) -> None:
    for line in lines[1:3]:
        assert "Traceback (most recent call last)" in line["exception"]
        assert "ValueError: learner 4***4(18) with B***l(19)" in line["exception"]
    assert not [line for line in lines if ID_CARD in json.dumps(line) or "abcdefghijkl" in json.dumps(line)]


def test_people_get_text_that_is_masked_as_well() -> None:
    text = "\n".join(run("console", "debug"))
    assert "event.traced" in text
    assert "event.settled" in text
    assert "ValueError: learner" in text
    assert ID_CARD not in text


ODD = """
import logging, structlog
from gateway import log
log.configure("json")
logger = structlog.get_logger()
for odd in (2**70, {1: {None: "a"}}, {("a", 1): "b"}, "half a \\ud800 pair", [float("nan")], {"a", "b"}):
    logger.info("odd.logged", value=odd)
try:
    raise ValueError("half a \\ud800 pair")
except ValueError:
    logger.exception("call.broken")
logging.getLogger("library").warning("half a \\ud800 pair")
"""


def test_whatever_is_passed_a_line_is_written_and_the_caller_goes_on() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ODD], capture_output=True, text=True, check=False, timeout=30, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-400:]
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert events[:-1] == [*["odd.logged"] * 6, "call.broken"]
    assert events[-1].startswith("half a ")


# --- the processor itself


def line(**fields: Any) -> dict[str, Any]:
    """What the JSON line says, rendered as configure() does."""
    hidden = hide(None, "info", {"event": "x.done", **fields})
    read: dict[str, Any] = json.loads(orjson.dumps(hidden, default=str))
    return read


@pytest.mark.parametrize("name", ["id", "event_id"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [(TICKET, TICKET), (f"reg-{ID_CARD}", "reg-4***4(18)"), (7, "7")],
)
def test_an_identifier_is_shown_unless_it_is_a_persons_number(name: str, value: Any, shown: str) -> None:
    assert line(**{name: value})[name] == shown


@pytest.mark.parametrize("name", ["id", "event_id"])
def test_an_identifier_that_is_not_known_is_null(name: str) -> None:
    assert line(**{name: None})[name] is None


@pytest.mark.parametrize("name", ["ticket", "idNum", "token", "Authorization", "name", "secret"])
def test_a_sensitive_field_is_masked_at_any_depth(name: str) -> None:
    assert line(data=[{name: "some value"}])["data"] == [{name: "***(10)"}]


def test_what_is_not_sensitive_stays_as_it_is() -> None:
    fields = {"account": "toy.default", "attempt": 3, "milliseconds": 1.5, "ok": True, "code": None, "rows": [1, "a"]}
    assert line(**fields) == {"event": "x.done", **fields}


class Opaque:
    def __str__(self) -> str:
        return f"learner {ID_CARD}"

    __repr__ = __str__


@pytest.mark.parametrize(
    "value",
    [
        ValueError(f"学员{ID_CARD}"),
        f"学员{ID_CARD}".encode(),
        {ID_CARD},
        Opaque(),
        [Opaque()],
        Path(f"/files/{ID_CARD}.jpg"),
    ],
    ids=["exception", "bytes", "set", "object", "object in a list", "path"],
)
def test_nothing_sensitive_leaves_in_an_object_either(value: Any) -> None:
    """The renderer writes what it does not know as its text, after everything was masked."""
    assert ID_CARD not in json.dumps(line(reason=value))


def test_the_callers_own_values_are_left_as_they_were() -> None:
    data = {"ticket": "some value"}
    line(data=data)
    assert data == {"ticket": "some value"}
