"""What a run would do: the letters meant, and which of them can be done as asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from aio_pika.abc import AbstractConnection

from gateway.account import Account
from gateway.dead_letters import Letter, locked, standing
from gateway.ledger import Ledger
from gateway.operating import edits
from gateway.operating.eligibility import Facts, split, warnings
from gateway.operating.index import Index
from gateway.operating.model import AccountState, DryRun, Filter, Kind, LetterRow
from gateway.operating.operations import operations_of
from gateway.topology import Names

Tried = dict[str, str | list[dict[str, Any]]]

SHOWN_EDITS = 3
"""How many letters of an edit have their difference shown and recorded."""


class Planner:
    """Asks the ledger, and with an edit the queues too."""

    def __init__(self, accounts: Sequence[Account], ledger: Ledger, states: Sequence[AccountState]) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._index = Index(ledger.store)
        self._states = {state.account: state.state for state in states}
        self._operations = operations_of(accounts)

    async def plan(
        self, letters: Sequence[LetterRow], wanted: Filter, kind: Kind, tried: Tried | None = None
    ) -> DryRun:
        """What would be done with these letters now; `tried`: how the edit fits each."""
        refused = None if tried is None else {name: why for name, why in tried.items() if isinstance(why, str)}
        facts = await self._facts(wanted, letters, refused)
        good, bad = split(kind, letters, facts)
        changes = [{"letter": one.id, "changes": tried[one.id]} for one in good[:SHOWN_EDITS]] if tried else []
        return DryRun(kind, good, bad, warnings(kind, good, self._states), changes)

    async def _facts(self, wanted: Filter, letters: Sequence[LetterRow], refused: Mapping[str, str] | None) -> Facts:
        stopped = {}
        for account in self._accounts:
            if (halt := await self._ledger.halted(account)) is not None:
                stopped[str(account)] = halt[0] or "refused"
        lanes = {letter.lane for letter in letters if letter.lane}
        holders = await self._index.holders(lanes)
        positions = await self._index.positions(wanted) if holders else {}
        return Facts({str(account) for account in self._accounts}, stopped, positions, holders, refused)

    async def tried(
        self, connection: AbstractConnection, letters: Sequence[LetterRow], patch: list[dict[str, Any]]
    ) -> Tried:
        """The patch tried on each letter: what it changes, masked, or why it does not fit. Raises BusyError."""
        tried: Tried = {}
        for prefix in sorted({letter.prefix for letter in letters}):
            wanted = {letter.id: letter.copies for letter in letters if letter.prefix == prefix}
            platform, _, name = prefix.partition(".")
            names = Names(platform, name)
            async with locked(connection, names), standing(connection, names, wanted) as found:
                tried |= {i: self._try(found[i].letter, names, patch) for i in wanted if i in found}
            tried |= {i: "it does not stand in its queue any more" for i in wanted if i not in found}
        return tried

    def _try(self, letter: Letter, names: Names, patch: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
        message, operations = letter.delivery, self._operations.get(names.platform, {})
        try:
            edits.edited(message.body, patch, message.routing_key, names, operations)
        except edits.EditError as error:
            return str(error)
        return edits.difference(message.body, patch, operations.get(message.routing_key.rpartition(".")[2]))
