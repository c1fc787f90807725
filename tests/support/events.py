"""Events of every operation of the accounting platform that its simulator takes as they are."""

from typing import Any

from tests.support.outside import enrolment, event, mobile_login

AREA = "440106"
COURSE = "PRO_A10101"


def cancellation(ticket: str, **attributes: Any) -> dict[str, Any]:
    """Takes an enrolment back."""
    data = {"ticket": ticket, "cancelTime": "2026-03-02 10:00:00", "year": 2026, "areaCode": AREA, "eduType": "PRO"}
    return event("enrolment-cancel", data, **attributes)


def credit(ticket: str, **attributes: Any) -> dict[str, Any]:
    """Taken once, and only where the platform has seen the learner during the course (`verified`)."""
    data = {
        "ticket": ticket,
        "year": 2026,
        "areaCode": AREA,
        "eduType": "PRO",
        "courseTypeCode": COURSE,
        "credit": 30.5,
        "startTime": "2026-11-01 08:00:00",
        "endTime": "2026-11-01 18:00:00",
    }
    return event("credit-sync", data, **attributes)


def verified(ticket: str) -> dict[str, Any]:
    """What POST /_sandbox/verify takes, so that the platform accepts `credit(ticket)`."""
    return {"ticket": ticket, "courseTypeCode": COURSE, "at": "2026-11-01 12:00:00"}


def check(ticket: str, **attributes: Any) -> dict[str, Any]:
    """An interactive question that needs the token."""
    return event("enrolment-check", {"ticket": ticket}, **attributes)


def qr_code(ticket: str, **attributes: Any) -> dict[str, Any]:
    """Another one, whose answer has much to say."""
    data = {"ticket": ticket, "areaCode": AREA, "eduType": "PUB", "courseTypeCode": "PUB_01"}
    return event("qrcode-get", data, **attributes)


def login(code: str, **attributes: Any) -> dict[str, Any]:
    """An interactive question that needs no token: who is behind an authorisation code."""
    return event("login-resolve", {"authorizationCode": code}, **attributes)


def verification(ticket: str, uuid: str, **attributes: Any) -> dict[str, Any]:
    """Whether a QR code was scanned."""
    return event("verification-query", {"ticket": ticket, "uuid": uuid}, **attributes)


DURABLE = {
    "enrolment-register": enrolment,
    "enrolment-cancel": cancellation,
    "mobile-login-sync": mobile_login,
    "credit-sync": credit,
}
"""Every durable operation: its name to what makes an event from a ticket."""
