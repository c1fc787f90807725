"""Many certificates in one event: each has its own outcome, and none that the platform took is sent again.

Two steps are recorded. `asked`, before every call: the guids that may be with the platform. `certificates`,
after every answer: what it said of each. Whoever was asked and has no outcome was lost on the way.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any

import orjson

from gateway.outcome import Category, Dead, Ending, Paused, Rejected, Retry, Stopped
from gateway.steps import Steps
from gateway.token import LoginFailedError
from gateway.transport import NotSentError
from workers.fj_construction.answers import Json, Outcome, outcomes
from workers.fj_construction.checks import Finding, Findings
from workers.fj_construction.codes import RETURN_CODES

ASKED, CERTIFICATES = "asked", "certificates"

Send = Callable[[Sequence[Json]], Awaitable[Json | Ending]]
"""Sends the contents of some rows in one call."""


@dataclass(frozen=True, slots=True)
class Row:
    """One certificate: the name that answers know it by, what is sent of it, and what we found ourselves."""

    guid: str
    content: Json
    findings: Findings
    alias: str = ""

    def digest(self) -> str:
        """Of what is sent: a certificate that was edited since it was refused is asked about again."""
        return sha256(orjson.dumps(self.content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


class Batch:
    """The certificates of one event, through all its attempts.

    `means_had`: whether a refusal says that the platform has the certificate already. After a lost answer it
    has it from us.
    """

    def __init__(
        self, rows: Sequence[Row], steps: Steps, means_had: Callable[[Outcome], bool] = lambda refusal: False
    ) -> None:
        self.rows = rows
        self._steps = steps
        self._means_had = means_had
        # the run that replays the event, where the core tells: what was refused before it is asked again
        self._replay = steps.replay

    def outcome(self, row: Row) -> Json | None:
        """What the platform said of a certificate, as far as it counts still: an Outcome, and what _kept adds."""
        said: Json | None = self._said().get(row.guid)
        if said is None or said["accepted"]:
            return said
        return said if (said["digest"], said["replay"]) == (row.digest(), self._replay) else None

    def lost(self, row: Row) -> bool:
        """Whether the certificate was sent and no answer about it is known."""
        return row.guid in self._asked() and row.guid not in self._said()

    def pending(self) -> list[Row]:
        """What has to be sent."""
        return [row for row in self.rows if not row.findings.refusals and self.outcome(row) is None]

    async def submit(self, size: int, send: Send) -> Ending | None:
        """Send what is pending, `size` in a call. None once nothing is; else the ending that came between.

        Raises NotSentError, LoginFailedError, AnswerLostError, LedgerError; what was settled stays so.
        """
        while pending := self.pending():
            ending = await self._ask(pending[:size], send)
            if ending is not None:
                return ending
        return None

    async def _ask(self, rows: Sequence[Row], send: Send) -> Ending | None:
        before, lost = self._asked(), {row.guid for row in rows if self.lost(row)}
        await self._steps.record(ASKED, [*before, *(row.guid for row in rows if row.guid not in before)])
        try:
            answer = await send([row.content for row in rows])
        except (NotSentError, LoginFailedError):
            await self._steps.record(ASKED, before)
            raise
        if isinstance(answer, Mapping):
            return await self._settle(rows, lost, answer)
        if isinstance(answer, Retry | Paused | Stopped | Rejected):  # the platform let nothing through
            await self._steps.record(ASKED, before)
        return answer

    async def _settle(self, rows: Sequence[Row], lost: set[str], answer: Json) -> Ending | None:
        code, message = str(answer["ReturnCode"]), str(answer.get("ReturnMsg") or "")
        if code not in RETURN_CODES:
            return Dead(code, message or "a ReturnCode that the document does not list", Category.UNKNOWN)
        found = outcomes(answer, {row.guid: row.alias for row in rows})
        kept = {row.guid: self._kept(row, found[row.guid], lost) for row in rows if row.guid in found}
        await self._steps.record(CERTIFICATES, {**self._said(), **kept})
        unnamed = len(rows) - len(kept)
        if not unnamed:
            return None
        reason = f"the answer does not account for {unnamed} of {len(rows)} certificates: {message}"
        # what it did settle is not sent again, so asking for the rest is no repetition and comes to an end
        return Retry("unaccounted", reason) if kept else Dead("unaccounted", reason, Category.UNKNOWN)

    def _kept(self, row: Row, outcome: Outcome, lost: set[str]) -> dict[str, Any]:
        if row.guid in lost and not outcome.accepted and self._means_had(outcome):
            outcome = replace(outcome, accepted=True, duplicate=True)
        return {
            **asdict(outcome),
            "after_lost": row.guid in lost,
            "digest": row.digest(),
            "replay": self._replay,
        }

    def _said(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self._step(CERTIFICATES, {})
        return said

    def _asked(self) -> list[str]:
        return list(self._step(ASKED, []))

    def _step(self, name: str, nothing: Any) -> Any:
        return self._steps[name] if name in self._steps else nothing  # noqa: SIM401 - Steps are no mapping


def told(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings as they stand in a result."""
    return [asdict(finding) for finding in findings]
