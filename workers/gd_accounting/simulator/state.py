"""Everything the simulated platform remembers."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gateway.simulation import short_hash
from workers.gd_accounting.simulator.accounts import Accounts
from workers.gd_accounting.simulator.checks import Values
from workers.gd_accounting.simulator.codes import Code, Refused
from workers.gd_accounting.simulator.learners import Authorizations
from workers.gd_accounting.simulator.verification import Verifications


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Section 5. `abnormal`: the institution is not filed in the division, so the platform marks it 异常."""

    app_id: str
    ticket: str
    year: int
    eduType: str  # noqa: N815 - the platform's word
    areaCode: str  # noqa: N815 - the platform's word
    abnormal: bool


class Platform:
    """The records behind sections 3 to 11, and what each may refuse."""

    def __init__(self, accounts: Accounts, *, clock: Callable[[], float], require_verification: bool) -> None:
        self.accounts = accounts
        self.authorizations = Authorizations(clock)
        self.verifications = Verifications(clock)
        self.require_verification = require_verification
        self.unregistered_tickets: set[str] = set()
        self.unregistered_divisions: set[str] = set()
        self.accepted: Counter[str] = Counter()
        self.divisions: dict[str, str] = {}  # ticket -> areaCode, as far as the platform was told
        self.enrolments: dict[tuple[str, str, int, str], Enrolment] = {}
        self.credits: dict[tuple[str, int, str], dict[str, Any]] = {}

    def reset(self) -> None:
        """As it was when it started."""
        for part in (self.accounts, self.authorizations, self.verifications):
            part.reset()
        for records in (self.accepted, self.divisions, self.enrolments, self.credits):
            records.clear()
        self.unregistered_tickets.clear()
        self.unregistered_divisions.clear()

    def filed_for(self, ticket: str) -> bool:
        """Section 4: whether the learner may enrol. A learner never heard of may."""
        division = self.divisions.get(ticket)
        return ticket not in self.unregistered_tickets and division not in self.unregistered_divisions

    def enrol(self, app_id: str, values: Values) -> None:
        """Section 5: also an institution that is not filed is taken, marked abnormal; again is A0506."""
        key = _enrolment_key(app_id, values)
        if key in self.enrolments:
            raise Refused(Code.DUPLICATE)
        ticket, area = values["ticket"], values["areaCode"]
        self.divisions[ticket] = area
        self.enrolments[key] = Enrolment(*key, area, abnormal=not self.filed_for(ticket))

    def cancel(self, app_id: str, values: Values) -> bool:
        """Section 6: whether there was an enrolment to cancel.

        The document has data.cancel false for a failure without naming one; here it is this one, with 200.
        """
        return self.enrolments.pop(_enrolment_key(app_id, values), None) is not None

    def credit(self, app_id: str, values: Values) -> None:
        """Section 10. A learner gets a course's credit once per year, whichever institution reports it."""
        ticket, course = values["ticket"], values["courseTypeCode"]
        key = (ticket, values["year"], course)
        if key in self.credits:
            raise Refused(Code.DUPLICATE)
        if not self._verified(ticket, course, values["startTime"], values["endTime"]):
            raise Refused(Code.OUTSIDE_VERIFIED_TIME)
        self.credits[key] = {"app_id": app_id, **values, "credit": str(values["credit"])}

    def _verified(self, ticket: str, course: str, start: str, end: str) -> bool:
        return not self.require_verification or self.verifications.within(ticket, course, start, end)

    def snapshot(self) -> Mapping[str, Any]:
        """What `GET /_sandbox/state` shows; credits and enrolments in the order they were accepted."""
        counts = self.accounts.counts
        return {
            "logins": {"succeeded": counts["logins_succeeded"], "failed": counts["logins_failed"]},
            "dead_token_calls": counts["dead_token_calls"],
            "token_kills": counts["token_kills"],
            "institutions": self._institutions(),
            "accepted": dict(self.accepted),
            "verifications": self.verifications.counts(),
            "enrolments": [asdict(each) for each in self.enrolments.values()],
            "credits": list(self.credits.values()),
            "unregistered": {
                "tickets": sorted(self.unregistered_tickets),
                "divisions": sorted(self.unregistered_divisions),
            },
        }

    def _institutions(self) -> dict[str, Any]:
        return {
            each.app_id: {
                "locked": self.accounts.locked(each),
                "wrong_secrets": each.wrong_secrets,
                "token": each.token and short_hash(each.token),
            }
            for each in self.accounts.institutions.values()
        }


def _enrolment_key(app_id: str, values: Values) -> tuple[str, str, int, str]:
    # per institution: section 5 speaks of 该网校的报名信息
    return app_id, values["ticket"], values["year"], values["eduType"]
