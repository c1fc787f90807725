"""年度继续教育完成学分要求: accepted credits are added up by learner and year, as the document wants them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gateway.tally import Sums, Tally
from schemas.gd_accounting.events import CreditSync
from schemas.gd_accounting.requirement import FROM_YEAR, annual


def _tally(credit: CreditSync) -> Tally | None:
    """The learner is the ticket 学员凭证码. A credit is the same one when it is of one course kind and one period."""
    if credit.year < FROM_YEAR:
        return None
    return Tally(
        group=f"{credit.ticket} {credit.year}",
        part=credit.eduType,
        item=credit.courseTypeCode,
        identity=f"{credit.courseTypeCode} {credit.startTime} {credit.endTime}",
        amount=Decimal(str(credit.credit)),
    )


def _report(credit: CreditSync, sums: Mapping[str, Decimal]) -> Mapping[str, Any]:
    return {"annual": annual(credit.year, sums)}


ANNUAL = Sums(_tally, _report)
