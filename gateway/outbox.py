"""Publishing for those who hold no account's lease: calls from platforms, the command line."""

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from aio_pika.abc import AbstractConnection

from gateway.broker import BrokerAwayError, NotPublishedError, Outgoing, Publisher, connect
from gateway.settings import Broker


class Outbox:
    """A publisher that connects when it is needed, and anew after the connection broke."""

    def __init__(self, broker: Broker, name: str) -> None:
        self._broker = broker
        self._name = name
        self._stack = AsyncExitStack()
        self._connection: AbstractConnection | None = None
        self._publisher: Publisher | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def connected(self) -> bool:
        """Whether the broker is there, connecting when we are not connected."""
        try:
            await self._ready()
        except BrokerAwayError:
            return False
        return True

    async def publish(self, outgoing: Outgoing) -> None:
        """Return once the broker has the message in a queue. Raises NotPublishedError or UnroutableError."""
        try:
            publisher = await self._ready()
        except BrokerAwayError as error:
            raise NotPublishedError(str(error)) from error
        await publisher.publish(outgoing)

    async def _ready(self) -> Publisher:
        async with self._connecting:
            if self._publisher is None or self._connection is None or self._connection.is_closed:
                await self._stack.aclose()
                self._connection = await self._stack.enter_async_context(connect(self._broker, self._name))
                self._publisher = await Publisher.open(self._connection)
            return self._publisher
