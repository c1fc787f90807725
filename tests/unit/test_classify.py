"""An answer and a code table make an ending."""

from typing import Any

import pytest

from gateway.classify import by_code
from gateway.outcome import (
    Accepted,
    Answer,
    Category,
    Code,
    Dead,
    Ending,
    Paused,
    Rejected,
    Retry,
    Stopped,
    Unavailable,
    Verdict,
)

TABLE = {verdict.value: Code(f"meaning of {verdict.value}", verdict) for verdict in Verdict}
DATA = {"data": {"check": True}}

ENDINGS: dict[Verdict, Ending] = {
    Verdict.ACCEPTED: Accepted("accepted", "said", DATA),
    Verdict.DUPLICATE: Accepted("duplicate", "said", DATA, duplicate=True),
    Verdict.REJECTED: Rejected("rejected", "said", Category.REJECTED, DATA),
    Verdict.RETRY: Retry("retry", "said"),
    Verdict.DOWN: Unavailable("down", "said", by_code=True),
    Verdict.THROTTLED: Unavailable("throttled", "said", throttled=True),
    Verdict.TOKEN: Retry("token", "said"),
    Verdict.PAUSE: Paused("pause", "said"),
    Verdict.STOP: Stopped("stop", "said"),
}


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_its_ending(verdict: Verdict) -> None:
    assert by_code(TABLE, Answer(verdict.value, "said", DATA)) == ENDINGS[verdict]


@pytest.mark.parametrize("verdict", Verdict)
def test_an_answer_without_a_message_gets_the_manuals_words(verdict: Verdict) -> None:
    ending = by_code(TABLE, Answer(verdict.value))
    assert ending.message == f"meaning of {verdict.value}"


@pytest.mark.parametrize(("said", "message"), [("新的返回码", "新的返回码"), ("", "a code the manual does not list")])
@pytest.mark.parametrize("code", ["A9999", "", "200 ", "ACCEPTED", "None"])
def test_a_code_the_manual_does_not_list_is_for_an_operator(code: str, said: str, message: str) -> None:
    assert by_code(TABLE, Answer(code, said, DATA)) == Dead(code, message, Category.UNKNOWN, DATA)


@pytest.mark.parametrize("response", [None, {}, {"data": None}])
def test_the_response_is_passed_on_as_it_is(response: dict[str, Any] | None) -> None:
    ending = by_code(TABLE, Answer("accepted", "", response))
    assert isinstance(ending, Accepted)
    assert ending.response == response
