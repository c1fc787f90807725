"""A connection to the broker over a TCP line that can be cut, as a cable is, or break, as both ends notice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractConnection
from yarl import URL

from gateway.broker import connect
from gateway.settings import Broker


class Line:
    """A TCP line to the broker that can swallow everything, as a cut cable does, or break."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._writers: list[asyncio.StreamWriter] = []
        self._flows = asyncio.Event()
        self._flows.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection through it."""
        there, back = await asyncio.open_connection(*self._to)
        self._writers += [writer, back]
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def cut(self) -> None:
        """Whatever is sent from now on arrives nowhere."""
        self._flows.clear()

    def mend(self) -> None:
        """What was held up arrives late."""
        self._flows.set()

    def break_off(self) -> None:
        """Both ends see it."""
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def line(url: str) -> AsyncIterator[tuple[Line, AbstractConnection]]:
    """A line, and a connection through it."""
    broker = URL(url)
    made = Line(broker.host or "", broker.port or 5672)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        through = str(broker.with_host("127.0.0.1").with_port(port))
        async with connect(Broker(url=through), "a test") as connection:
            yield made, connection
            made.mend()
    finally:
        made.break_off()
        server.close()
