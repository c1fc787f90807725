"""What every platform shows in the common suite: one sample for each situation, or why there is none."""

from typing import Any

from gateway.outcome import Dead, Rejected, Retry
from tests.support.contract import Order, Situation, Situations

CASE = {"service": "case-submit", "body": {"caseNo": "YST-2026-0001", "copies": 1}}


def _fault(kind: str, **options: Any) -> list[Order]:
    return [("POST", "/_sandbox/faults", {"kind": kind, **options})]


SITUATIONS: Situations = {
    "accepted": Situation("service-call", CASE),
    "duplicate": Situation("service-call", CASE, [("POST", "/_sandbox/cases", {"caseNo": "YST-2026-0001"})]),
    "refused": Situation("service-call", {"service": "case-submit", "body": {"copies": 1}}, expect=Rejected),
    "unavailable": Situation("service-call", CASE, _fault("status", status=503), Retry),
    "throttled": Situation("service-call", CASE, _fault("errcode", code="AGW.1430"), Retry),
    "unknown code": Situation("service-call", CASE, _fault("errcode", code="AGW.9999"), Dead),
    "unreadable answer": Situation("service-call", CASE, _fault("html"), Dead),
    # There is no token that runs out; what does is a signature, when our clock is not the gateway's.
    "token expired": Situation("service-call", CASE, [("POST", "/_sandbox/clock", {"advance": 3600})]),
}
