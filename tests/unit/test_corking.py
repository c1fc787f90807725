"""Frames leave in one piece for each turn of the event loop: in order, and none is held back."""

import asyncio

import aiormq
from aio_pika import Message
from aiormq.abc import ChannelFrame
from hypothesis import given
from hypothesis import strategies as st

from gateway.amqp.confirming import Confirming
from gateway.amqp.corking import corked, pieces
from gateway.broker import Outgoing, Publisher, connect
from gateway.settings import Broker


def frame(payload: bytes, *, last: bool = False) -> ChannelFrame:
    return ChannelFrame(payload=payload, should_close=last)


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=3), st.booleans())))
def test_no_byte_is_lost_or_overtaken(frames: list[tuple[bytes, bool]]) -> None:
    made = pieces([frame(payload, last=last) for payload, last in frames])
    assert b"".join(piece.payload for piece in made) == b"".join(payload for payload, _ in frames)
    assert [piece.payload for piece in made if piece.should_close] == [payload for payload, last in frames if last]


async def test_a_frame_that_somebody_waits_for_goes_by_itself() -> None:
    waiting = ChannelFrame(payload=b"c", should_close=False, drain_future=asyncio.get_running_loop().create_future())
    made = pieces([frame(b"a"), frame(b"b"), waiting, frame(b"d")])
    assert [piece.payload for piece in made] == [b"ab", b"c", b"d"]
    assert made[1] is waiting


async def test_what_is_published_in_one_turn_is_written_in_one_piece(vhost_url: str) -> None:
    async with connect(Broker(url=vhost_url), "a test") as connection:
        queue = await (await connection.channel()).declare_queue("tests.corked", durable=True)
        channel = await connection.channel()
        publisher, written = Publisher(Confirming(await corked(channel))), list[ChannelFrame]()
        underlay = await channel.get_underlay_channel()
        assert isinstance(underlay, aiormq.Channel)
        put = underlay.connection.write_queue.put

        async def noted(item: ChannelFrame) -> None:
            written.append(item)
            await put(item)

        underlay.connection.write_queue.put = noted  # type: ignore[method-assign]
        bodies = [b"%d" % number for number in range(50)]
        await asyncio.gather(*(publisher.publish(Outgoing("", "tests.corked", body, {})) for body in bodies))
        assert len([piece for piece in written if b"tests.corked" in piece.payload]) == 1
        assert [(await queue.get(no_ack=True)).body for _ in bodies] == bodies


async def test_a_channel_that_is_corked_twice_is_corked_once(vhost_url: str) -> None:
    async with connect(Broker(url=vhost_url), "a test") as connection:
        channel = await connection.channel()
        first = (await corked(channel)).write_queue
        assert (await corked(channel)).write_queue is first
        await channel.default_exchange.publish(Message(b"still works"), "nowhere", mandatory=False)
