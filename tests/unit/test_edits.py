"""Edits: what fits, what is refused, and what of them may be read."""

import json
from typing import Any

import pytest

from gateway import platform
from gateway.operating.edits import EditError, difference, edited, read
from gateway.topology import Names
from tests.support.outside import mobile_login

NAMES = Names("gd_accounting", "default")
OPERATIONS = platform.load("gd_accounting").operations
KEY = NAMES.key("mobile-login-sync")
TICKET = "208cbc66aaef4317843c6cedabe319e0"


def body(**attributes: Any) -> bytes:
    return json.dumps(mobile_login(TICKET, id="e-1", **attributes)).encode()


def change(path: str, value: Any, op: str = "replace") -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value}]


def test_an_edit_changes_what_it_names_and_nothing_else() -> None:
    after = json.loads(edited(body(), change("/data/year", 2025), KEY, NAMES, OPERATIONS))
    before = json.loads(body())
    assert after["data"].pop("year") == 2025
    before["data"].pop("year")
    assert after == before


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "account"])
def test_an_edit_cannot_make_it_another_event(name: str) -> None:
    with pytest.raises(EditError, match=f"{name}: an edit keeps the event's identity"):
        edited(body(subject="a", account="default"), change(f"/{name}", "other"), KEY, NAMES, OPERATIONS)


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (change("/data/year", "x"), "the edited event is not valid: year"),
        (change("/data/none/deep", 1), "the edit does not fit"),
        (change("/data/year", 1999, "test"), "a test of the edit fails"),
        ([{"op": "remove", "path": "/data/ticket"}], "the edited event is not valid: ticket"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_and_says_where(patch: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(EditError, match=said) as caught:
        edited(body(), patch, KEY, NAMES, OPERATIONS)
    assert TICKET not in str(caught.value)


@pytest.mark.parametrize("text", [b"{", b"{}", b"[]", b"[1]", b'[{"op": "shred", "path": "/a"}]', b'[{"op": "add"}]'])
def test_what_is_no_patch_is_refused(text: bytes) -> None:
    with pytest.raises(EditError):
        read(text)


@pytest.mark.parametrize(
    ("path", "value"),
    [("/data/ticket", TICKET), ("/data", {"ticket": TICKET}), ("/data/note", f"of 440681198512063416 {TICKET}")],
)
def test_a_difference_shows_no_value_that_may_be_personal(path: str, value: Any) -> None:
    lines = difference(body(), change(path, value, "add"), OPERATIONS["mobile-login-sync"])
    said = json.dumps(lines)
    assert TICKET not in said
    assert "440681198512063416" not in said
    assert lines[0]["path"] == path
