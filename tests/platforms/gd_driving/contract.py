"""What every platform shows of itself: a situation for each way in which an answer ends an event, or a waiver."""

from base64 import b64encode
from typing import Any

from gateway.outcome import Accepted, Dead, Rejected, Retry, Stopped
from tests.platforms.gd_driving.document import without
from tests.support.contract import Order, Situation, Situations, Waiver

_PHOTO = {"content": b64encode(b"\xff\xd8\xff\xe0 a photo").decode()}
_STUDENT = without("student-submit", "contract", photo=1004)
_PHOTO_KNOWN: Order = ("POST", "/_sandbox/files", {"id": 1004, "type": "stuimg"})


def _fault(kind: str, **options: Any) -> list[Order]:
    return [_PHOTO_KNOWN, ("POST", "/_sandbox/faults", {"kind": kind, **options})]


SITUATIONS: Situations = {
    "accepted": Situation("student-submit", _STUDENT | {"photo": _PHOTO}, [], Accepted, "0"),
    "duplicate": Waiver(
        "返回码定义 has no code for what the platform already has: 备案及修改 replaces a record, and on a lesson "
        "that comes twice the document is silent"
    ),
    "refused": Situation("student-submit", _STUDENT, [], Rejected, "1"),
    "unavailable": Situation("student-submit", _STUDENT, _fault("drop"), Retry, "connection-lost"),
    "throttled": Situation(
        "student-submit", _STUDENT, _fault("status", status=429, retry_after=30), Retry, "http-429"
    ),
    "unknown code": Situation("student-submit", _STUDENT, _fault("code", code=999), Dead, "999"),
    "unreadable answer": Situation("student-submit", _STUDENT, _fault("html"), Retry, "unreadable-answer"),
    "uncertain": Situation(
        "class-record-submit", without("class-record-submit"), _fault("drop-after"), Dead, "connection-lost"
    ),
    "stopped": Situation("student-submit", _STUDENT, _fault("code", code=202), Stopped, "202"),
    "clock wrong": Situation(
        "student-submit", _STUDENT, [_PHOTO_KNOWN, ("POST", "/_sandbox/clock", {"advance": 3600})], Accepted, "0"
    ),
    "token expired": Waiver("there is no token and no login: every request is signed with the certificate"),
}
