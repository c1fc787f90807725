"""The proxy passes bytes on, or does to them what it was told."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.faults.oracle.proxy import HOST, Proxy, Trap
from tests.faults.oracle.test_amqp import ACK, GREETING, HEARTBEAT

SECONDS = 5


class Echo:
    """A server that says everything back."""

    def __init__(self) -> None:
        self.callers: list[str] = []
        self.heard = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.callers.append(writer.get_extra_info("peername")[0])
        while data := await reader.read(1000):
            self.heard += data
            writer.write(data)
        writer.close()


@pytest.fixture
async def echo() -> AsyncIterator[tuple[Echo, int]]:
    echo = Echo()
    server = await asyncio.start_server(echo.serve, HOST, 0)
    yield echo, server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def proxy(echo: tuple[Echo, int]) -> AsyncIterator[Proxy]:
    proxy = Proxy(echo[1], frames=True)
    await proxy.open()
    yield proxy
    await proxy.close()
    await asyncio.sleep(0.05)


async def connect(proxy: Proxy, address: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HOST, proxy.port, local_addr=(address, 0))


async def answer(reader: asyncio.StreamReader, length: int) -> bytes:
    return await asyncio.wait_for(reader.readexactly(length), SECONDS)


async def silence(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), 0.1)
    except TimeoutError:
        return True
    return False


async def test_bytes_go_both_ways_and_the_caller_keeps_its_address(echo: tuple[Echo, int], proxy: Proxy) -> None:
    reader, writer = await connect(proxy, "127.0.0.9")
    writer.write(GREETING)
    assert await answer(reader, len(GREETING)) == GREETING
    assert echo[0].callers == ["127.0.0.9"]
    writer.close()


async def test_a_cut_connection_is_reset(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    writer.write(GREETING)
    await answer(reader, len(GREETING))
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SECONDS)
    writer.close()


async def test_a_silent_line_says_nothing_and_is_reset_when_the_proxy_speaks_again(
    echo: tuple[Echo, int], proxy: Proxy
) -> None:
    reader, writer = await connect(proxy)
    writer.write(GREETING)
    await answer(reader, len(GREETING))
    proxy.go_silent()
    writer.write(HEARTBEAT)
    assert await silence(reader)
    assert echo[0].heard == GREETING
    proxy.speak()
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SECONDS)
    writer.close()


async def test_who_connects_to_a_refusing_proxy_is_reset_until_it_takes_connections_again(proxy: Proxy) -> None:
    proxy.refuse()
    reader, writer = await connect(proxy)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(1), SECONDS)
    writer.close()
    proxy.refuse(refusing=False)
    reader, writer = await connect(proxy)
    writer.write(GREETING)
    assert await answer(reader, len(GREETING)) == GREETING
    writer.close()


async def test_a_trap_lets_pass_what_comes_before_and_holds_everything_from_there_on(
    echo: tuple[Echo, int], proxy: Proxy
) -> None:
    proxy.trap = Trap(lambda frame: frame.acknowledges, skip=1)
    reader, writer = await connect(proxy)
    writer.write(GREETING + ACK + HEARTBEAT + ACK + HEARTBEAT)
    passed = GREETING + ACK + HEARTBEAT
    assert await answer(reader, len(passed)) == passed
    await asyncio.wait_for(proxy.trap.sprung.wait(), SECONDS)
    assert proxy.holding
    assert await silence(reader)
    assert echo[0].heard == passed
    writer.close()
