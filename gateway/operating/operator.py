"""The one door through which operators act, from the command line and from the console alike."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from gateway.account import Account
from gateway.broker import connect
from gateway.errors import RefusedError
from gateway.ledger import Ledger
from gateway.operating import edits, indexing, showing
from gateway.operating.driving import Driver
from gateway.operating.index import Index
from gateway.operating.model import (
    UNFINISHED,
    AccountState,
    Actor,
    AuditRow,
    DryRun,
    Filter,
    Group,
    Kind,
    LetterDetail,
    LetterRow,
    Life,
    Run,
    RunLetter,
)
from gateway.operating.operations import operations_of
from gateway.operating.planning import Planner
from gateway.operating.run_store import RunStore
from gateway.operating.states import States
from gateway.operating.tracing import Tracing
from gateway.operating.trail import Trail
from gateway.settings import Settings
from gateway.topology import Names

CONNECTION = "gateway operator"
FASTEST = 10_000.0


class Operator:
    """Everything an operator can do, as `actor`. Cheap to make: one for each request.

    Any method may raise LedgerError; those that need the queues BrokerAwayError. Wrong requests raise RefusedError,
    whose text says what was wrong and what to do. Where a run or another operator has the letters: BusyError.
    """

    def __init__(self, settings: Settings, accounts: Sequence[Account], ledger: Ledger, actor: Actor) -> None:
        self._settings = settings
        self._accounts = accounts
        self._ledger = ledger
        self._actor = actor
        self._index = Index(ledger.store)
        self._runs = RunStore(ledger.store)
        self._trail = Trail(ledger.store)

    # --- looking

    async def letters(self, wanted: Filter, limit: int = 1000, offset: int = 0) -> list[LetterRow]:
        """Dead letters meant, oldest first, from the ledger's index."""
        return await self._index.letters(wanted, limit, offset)

    async def count(self, wanted: Filter) -> int:
        """How many dead letters are meant."""
        return await self._index.count(wanted)

    async def groups(self, wanted: Filter) -> list[Group]:
        """The letters meant, grouped by account, operation, category, code and cause; most first."""
        return await self._index.groups(wanted)

    async def letter(self, name: str, *, reveal: bool = False) -> list[LetterDetail]:
        """The letters of this id, or of the event of this id, with their events. Needs the broker.

        Revealing is recorded, and refused to who has no right to.
        """
        async with aclosing(self._details(Filter(ids=(name,)), "reveal", reveal=reveal)) as found:
            return [detail async for detail in found]

    async def export(self, wanted: Filter, *, reveal: bool = False) -> AsyncIterator[dict[str, Any]]:
        """The letters meant with their events, as JSON-like rows. Recorded. Needs the broker."""
        if not reveal:
            await self._trail.add(self._actor.name, "export", {"filter": wanted.given})
        async with aclosing(self._details(wanted, "export revealed", reveal=reveal)) as found:
            async for detail in found:
                yield showing.exported(detail)

    async def check_index(self, *, force: bool = False) -> list[str]:
        """Make the index again where it disagrees with its queue; what was done, a line each. Needs the broker."""
        said = []
        async with connect(self._settings.broker, CONNECTION) as connection:
            for account in self._accounts:
                names = Names(account.platform, account.name)
                line = await indexing.agree(connection, self._index, names, force=force)
                said += [line] if line else []
        return said

    async def trace(self, event_id: str) -> list[Life]:
        """The whole life of every event of this id."""
        return await Tracing(self._ledger.store).lives(event_id)

    async def audit(self, limit: int = 200, run: str | None = None) -> list[AuditRow]:
        """What was done, latest first; of one run where given."""
        return await self._trail.rows(limit, run)

    async def accounts(self) -> list[AccountState]:
        """How every configured account stands."""
        return await States(self._ledger).of(self._accounts)

    # --- runs

    async def dry_run(self, wanted: Filter, *, kind: Kind = "replay", edit: bytes | None = None) -> DryRun:
        """What a run would do now. `edit`: an RFC 6902 JSON Patch of the event, for which the broker is needed."""
        patch = None if edit is None else edits.read(edit)
        planner = Planner(self._accounts, self._ledger, await self.accounts())
        letters = await self._index.letters(wanted)
        if patch is None:
            return await planner.plan(letters, wanted, kind)
        async with connect(self._settings.broker, CONNECTION) as connection:
            return await planner.plan(letters, wanted, kind, await planner.tried(connection, letters, patch))

    async def start(
        self,
        wanted: Filter,
        reason: str,
        *,
        kind: Kind = "replay",
        rate: float | None = None,
        edit: bytes | None = None,
        tolerate: int = 0,
    ) -> Run:
        """Freeze the eligible letters as a run, `running`, and record it. Whoever calls `drive` carries it out; a
        process of `gateway run` or `gateway serve` does by itself. Raises RefusedError when nothing is eligible."""
        _check(reason, rate, tolerate)
        plan = await self.dry_run(wanted, kind=kind, edit=edit)
        if not plan.eligible:
            raise RefusedError(_nothing(plan))
        row = {
            "kind": kind,
            "actor": self._actor.name,
            "reason": reason.strip(),
            "filter": orjson.dumps(wanted.given).decode(),
            "edit": None if edit is None else edit.decode(),
            "diff": orjson.dumps(plan.diff).decode(),
            "rate": rate,
            "tolerate": tolerate,
        }
        left_out = [asdict(one) for one in plan.ineligible]
        target = {"filter": wanted.given, "not eligible": left_out, "edit": plan.diff}
        return await self.run(await self._runs.freeze(row, plan.eligible, target))

    async def drive(self, run_id: str) -> bool:
        """Carry the run out until it stands still or ends; False at once while another process does."""
        return await Driver(self._settings.broker, self._accounts, self._ledger, run_id).drive()

    async def pause(self, run_id: str, reason: str = "") -> Run:
        """No further letter is put back; what is with its account goes on."""
        await self._runs.change(run_id, "paused", ("running",), self._actor.name, reason)
        return await self.run(run_id)

    async def resume(self, run_id: str, reason: str = "") -> Run:
        """A paused or stopped run goes on, again with small batches."""
        await self._runs.change(run_id, "running", ("paused", "stopped"), self._actor.name, reason)
        return await self.run(run_id)

    async def cancel(self, run_id: str, reason: str = "") -> Run:
        """End it: letters not put back yet stay dead letters, free for other runs."""
        await self._runs.change(run_id, "cancelled", UNFINISHED, self._actor.name, reason)
        return await self.run(run_id)

    async def runs(self, *, unfinished: bool = False, limit: int = 200) -> list[Run]:
        """Runs with their counts, latest first."""
        return [_timed(run) for run in await self._runs.runs(unfinished=unfinished, limit=limit)]

    async def run(self, run_id: str) -> Run:
        """One run with its counts and the time left. Raises RefusedError when there is none."""
        return _timed(await self._runs.run(run_id))

    async def run_letters(self, run_id: str, state: str | None = None, limit: int = 200) -> list[RunLetter]:
        """The letters of a run, in the order in which they are put back; those in one state where given."""
        return await self._runs.letters(run_id, state, limit)

    # ---

    async def _details(self, wanted: Filter, act: str, *, reveal: bool) -> AsyncGenerator[LetterDetail, None]:
        if reveal and not self._actor.may_reveal:
            name = self._actor.name
            raise RefusedError(f"{name!r} may not see payloads as they are: add the name to operators.reveal")
        rows = await self._index.letters(wanted)
        if reveal and rows:
            await self._trail.add(self._actor.name, act, {"filter": wanted.given, "letters": len(rows)})
        if rows:
            async with connect(self._settings.broker, CONNECTION) as connection:
                operations = operations_of(self._accounts)
                async with aclosing(showing.details(connection, rows, operations, reveal=reveal)) as found:
                    async for detail in found:
                        yield detail


def _check(reason: str, rate: float | None, tolerate: int) -> None:
    if not reason.strip():
        raise RefusedError("say why: --reason TEXT; it stands in the audit")
    if rate is not None and not 0 < rate <= FASTEST:
        raise RefusedError(f"rate: letters a second, above 0 and at most {FASTEST:.0f} (got {rate})")
    if tolerate < 0:
        raise RefusedError(f"tolerate: how many failures of one batch do not stop it, 0 or more (got {tolerate})")


def _nothing(plan: DryRun) -> str:
    if not plan.ineligible:
        return "no dead letter is meant; gateway dead list shows all"
    why = "; ".join(f"{one.count}: {one.why}" for one in plan.ineligible)
    return f"nothing is eligible: {why}"


def _timed(run: Run) -> Run:
    """With the seconds left, judged by what was done since it began."""
    finished, left = run.counts.finished, run.counts.total - run.counts.finished
    if run.state != "running" or not finished or not left:
        return run
    began = datetime.fromisoformat(run.created_at)
    return replace(run, seconds_left=(datetime.now(UTC) - began).total_seconds() / finished * left)
