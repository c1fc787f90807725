"""Seeing that the index of dead letters says what stands in their queues; the queues are the truth."""

import asyncio

from aio_pika.abc import AbstractConnection

from gateway.burial import of_message
from gateway.dead_letters import BusyError, depth, locked, standing
from gateway.operating.index import Index
from gateway.topology import Names

SETTLE_SECONDS = 0.3
"""A letter is counted in one place a moment before the other: who differs is asked again."""


async def agree(connection: AbstractConnection, index: Index, names: Names, *, force: bool = False) -> str | None:
    """Make an account's index again where it differs from its queue; what was done, None where nothing was to do.

    Where somebody works on the letters, what differs is under way: it is left to them. Raises RefusedError where
    the account has no queue.
    """
    if not force and not await _differs(connection, index, names):
        return None
    try:
        async with locked(connection, names), standing(connection, names) as found:
            letters = [of_message(names, one.letter.delivery, len(one.messages)) for one in found.values()]
            added, gone = await index.correct(names, letters)
    except BusyError as busy:
        if force:
            raise
        return str(busy)
    return f"{names.prefix}: {len(letters)} dead letters; {added} were missing in the index, {gone} were not there"


async def _differs(connection: AbstractConnection, index: Index, names: Names) -> bool:
    for _ in range(2):
        if await depth(connection, names) == await index.copies(names):
            return False
        await asyncio.sleep(SETTLE_SECONDS)
    return True
