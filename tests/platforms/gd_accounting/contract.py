"""Situations that every platform must master, for the contract suite that runs over all of them."""

from typing import Any

from gateway.outcome import Accepted, Dead, Ending, Paused, Rejected, Retry, Stopped
from tests.support.contract import Order, Situation, Situations

ENROLMENT = {
    "ticket": "208cbc66aaef4317843c6cedabe319e0",
    "regTime": "2026-03-01 09:30:00",
    "year": 2026,
    "areaCode": "440106",
    "eduType": "PRO",
}
CREDIT = {
    "ticket": "208cbc66aaef4317843c6cedabe319e0",
    "year": 2026,
    "areaCode": "440106",
    "eduType": "PRO",
    "courseTypeCode": "PRO_A10101",
    "credit": 30,
    "startTime": "2026-01-01 08:00:00",
    "endTime": "2026-01-01 18:00:00",
}


def _fault(kind: str, **options: Any) -> list[Order]:
    return [("POST", "/_sandbox/faults", {"kind": kind, "path": "accountantReg", **options})]


def _enrol(prepare: list[Order], expect: type[Ending], code: str) -> Situation:
    return Situation("enrolment-register", ENROLMENT, prepare, expect, code)


SITUATIONS: Situations = {
    "accepted": _enrol([], Accepted, "200"),
    "duplicate": _enrol(_fault("code", code="A0506"), Accepted, "A0506"),
    "refused": Situation("credit-sync", CREDIT, [], Rejected, "A0727"),
    "unavailable": _enrol(_fault("drop"), Retry, "connection-lost"),
    "closed": _enrol(_fault("closed"), Paused, "A0508"),
    "stopped": _enrol(_fault("code", code="A0201"), Stopped, "A0201"),
    "throttled": _enrol(_fault("status", status=429, retry_after=3), Retry, "http-429"),
    "unknown code": _enrol(_fault("code", code="X9999"), Dead, "X9999"),
    "unreadable answer": _enrol(_fault("html"), Retry, "unreadable-answer"),
    "token expired": _enrol(_fault("kill-token", times=1), Accepted, "200"),
}
