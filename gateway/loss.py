"""How a worker learns that it can go on no longer on its connection."""

import asyncio

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
