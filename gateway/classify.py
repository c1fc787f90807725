"""Decides what an answer means, from a platform's code table. Pure."""

from collections.abc import Mapping
from typing import assert_never

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


def by_code(table: Mapping[str, Code], answer: Answer) -> Ending:  # noqa: C901, PLR0911 - one return a verdict
    """The ending that the table gives to the answer; a code it does not list is `unknown`, for an operator.

    A token refused here was refused after a fresh login as well, so it is tried again later.
    """
    known = table.get(answer.code)
    message = answer.message or (known.meaning if known else "")
    if known is None:
        return Dead(answer.code, message or "a code the manual does not list", Category.UNKNOWN, answer.response)
    match known.verdict:
        case Verdict.ACCEPTED:
            return Accepted(answer.code, message, answer.response)
        case Verdict.DUPLICATE:
            return Accepted(answer.code, message, answer.response, duplicate=True)
        case Verdict.REJECTED:
            return Rejected(answer.code, message, response=answer.response)
        case Verdict.RETRY | Verdict.TOKEN:
            return Retry(answer.code, message)
        case Verdict.DOWN:
            return Unavailable(answer.code, message, by_code=True)
        case Verdict.THROTTLED:
            return Unavailable(answer.code, message, throttled=True)
        case Verdict.PAUSE:
            return Paused(answer.code, message)
        case Verdict.STOP:
            return Stopped(answer.code, message)
        case unreachable:
            assert_never(unreachable)
