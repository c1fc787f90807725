"""How a worker learns that it can go on no longer on its connection."""

import asyncio
from collections.abc import Awaitable

from aio_pika.abc import AbstractConnection


class LostError(Exception):
    """The worker can go on no longer on this connection; the message says why. It starts anew."""


def closing(connection: AbstractConnection) -> asyncio.Future[str]:
    """A future that says why the connection closed, once it has."""
    lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def closed(_: object, error: BaseException | None) -> None:
        if not lost.done():
            lost.set_result(f"connection closed: {type(error).__name__}")

    connection.close_callbacks.add(closed)
    return lost


def raise_lost(*futures: asyncio.Future[str]) -> None:
    """Raise LostError with the reason of the first of these that is done."""
    for future in futures:
        if future.done():
            raise LostError(future.result())


async def first_of(stop: asyncio.Event, *awaitables: Awaitable[object]) -> None:
    """Return when one of them, or the stop, comes; futures handed in are left as they are."""
    own = [asyncio.ensure_future(a) for a in awaitables if not isinstance(a, asyncio.Future)]
    own.append(asyncio.ensure_future(stop.wait()))
    shared = [a for a in awaitables if isinstance(a, asyncio.Future)]
    try:
        await asyncio.wait([*own, *shared], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in own:
            task.cancel()
