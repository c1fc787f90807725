"""Situations that every platform must master, for the contract suite that runs over all of them."""

from typing import Any

from gateway.outcome import Accepted, Dead, Ending, Paused, Rejected, Retry
from tests.platforms.fj_construction.document import certificate, submission
from tests.support.contract import Order, Situation, Situations, Waiver

COLLECT = "/share/"


def _fault(kind: str, **options: Any) -> list[Order]:
    return [("POST", "/_sandbox/faults", {"kind": kind, "path": COLLECT, **options})]


def _submit(prepare: list[Order] | None = None, expect: type[Ending] = Accepted, **changes: Any) -> Situation:
    data = submission("1", certificate("1", **changes))
    return Situation("certificate-submit", data, prepare or [], expect)


SITUATIONS: Situations = {
    "accepted": _submit(),
    "duplicate": Waiver(
        "the document has no code for a repeated request: a certificate sent again is taken again, and 赋码已使用 "
        "means ours only after a lost answer (test_a_code_in_use_after_our_answer_was_lost_is_in_use_by_us)"
    ),
    "refused": _submit(expect=Rejected, certState="05"),
    "unavailable": _submit(_fault("status", status=502), Retry),
    "closed": _submit(_fault("closed"), Paused),
    "throttled": _submit(_fault("status", status=429, retry_after=3), Retry),
    "unknown code": _submit(_fault("code", code=4711), Dead),
    "unreadable answer": _submit(_fault("html"), Retry),
    "token expired": _submit(_fault("kill-token", times=1), Accepted),
}
