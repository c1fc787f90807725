"""The one door through which operators act, from the command line and from the console alike."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from gateway.account import Account
from gateway.ledger import Ledger
from gateway.operating.model import (
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
from gateway.settings import Settings


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

    # --- looking

    async def letters(self, wanted: Filter, limit: int = 1000, offset: int = 0) -> list[LetterRow]:
        """Dead letters meant, oldest first, from the ledger's index."""
        raise NotImplementedError

    async def count(self, wanted: Filter) -> int:
        """How many dead letters are meant."""
        raise NotImplementedError

    async def groups(self, wanted: Filter) -> list[Group]:
        """The letters meant, grouped by account, operation, category, code and cause; most first."""
        raise NotImplementedError

    async def letter(self, name: str, *, reveal: bool = False) -> list[LetterDetail]:
        """The letters of this id, or of the event of this id, with their events. Needs the broker.

        Revealing is recorded, and refused to who has no right to.
        """
        raise NotImplementedError

    def export(self, wanted: Filter, *, reveal: bool = False) -> AsyncIterator[dict[str, Any]]:
        """The letters meant with their events, as JSON-like rows. Recorded when revealed. Needs the broker."""
        raise NotImplementedError

    async def check_index(self, *, force: bool = False) -> list[str]:
        """Make the index again where it disagrees with its queue; what was done, a line each. Needs the broker."""
        raise NotImplementedError

    async def trace(self, event_id: str) -> list[Life]:
        """The whole life of every event of this id."""
        raise NotImplementedError

    async def audit(self, limit: int = 200, run: str | None = None) -> list[AuditRow]:
        """What was done, latest first; of one run where given."""
        raise NotImplementedError

    async def accounts(self) -> list[AccountState]:
        """How every configured account stands."""
        raise NotImplementedError

    # --- runs

    async def dry_run(self, wanted: Filter, *, kind: Kind = "replay", edit: bytes | None = None) -> DryRun:
        """What a run would do now. `edit`: an RFC 6902 JSON Patch of the event, for which the broker is needed."""
        raise NotImplementedError

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
        raise NotImplementedError

    async def drive(self, run_id: str) -> bool:
        """Carry the run out until it stands still or ends; False at once while another process does."""
        raise NotImplementedError

    async def pause(self, run_id: str, reason: str = "") -> Run:
        """No further letter is put back; what is with its account goes on."""
        raise NotImplementedError

    async def resume(self, run_id: str, reason: str = "") -> Run:
        """A paused or stopped run goes on, again with small batches."""
        raise NotImplementedError

    async def cancel(self, run_id: str, reason: str = "") -> Run:
        """End it: letters not put back yet stay dead letters, free for other runs."""
        raise NotImplementedError

    async def runs(self, *, unfinished: bool = False, limit: int = 200) -> list[Run]:
        """Runs with their counts, latest first."""
        raise NotImplementedError

    async def run(self, run_id: str) -> Run:
        """One run with its counts and the time left. Raises RefusedError when there is none."""
        raise NotImplementedError

    async def run_letters(self, run_id: str, state: str | None = None, limit: int = 200) -> list[RunLetter]:
        """The letters of a run, in the order in which they are put back; those in one state where given."""
        raise NotImplementedError
