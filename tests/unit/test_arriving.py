"""Frames that come in great numbers are handled at once; everything else reaches the client library's reader."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import aiormq
import pytest
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from gateway.amqp.arriving import IN_A_ROW, MOST_IN_A_ROW, Arriving

BODIES = st.lists(st.lists(st.binary(min_size=1, max_size=5), max_size=3), max_size=20)
"""The parts of some messages' bodies."""


def arriving(messages: list[DeliveredMessage], *, saturated: bool = False) -> tuple[Arriving, "asyncio.Queue[Any]"]:
    """One that keeps what is delivered, and the queue that the library reads."""
    library: asyncio.Queue[Any] = asyncio.Queue()
    channel = cast(aiormq.Channel, SimpleNamespace(frames=library))
    return Arriving(channel, messages={Basic.Deliver: messages.append}, saturated=lambda: saturated), library


def frames(tag: int, parts: list[bytes]) -> list[Any]:
    """A delivery as the connection hands it over."""
    header = ContentHeader(body_size=sum(map(len, parts)), properties=Basic.Properties(message_id=f"m{tag}"))
    return [Basic.Deliver("consumer", tag, False, "events", "key"), header, *map(ContentBody, parts)]


@given(BODIES)
def test_every_message_comes_whole_and_in_order_and_the_library_gets_the_rest(bodies: list[list[bytes]]) -> None:
    async def scene() -> None:
        messages: list[DeliveredMessage] = []
        queue, library = arriving(messages)
        for tag, parts in enumerate(bodies, 1):
            for frame in frames(tag, parts):
                await queue.put((1, frame))
            await queue.put((1, Basic.ConsumeOk(f"consumer {tag}")))
        assert [(message.delivery_tag, message.body) for message in messages] == [
            (tag, b"".join(parts)) for tag, parts in enumerate(bodies, 1)
        ]
        assert [message.header.properties.message_id for message in messages] == [
            f"m{tag}" for tag in range(1, len(bodies) + 1)
        ]
        assert library.qsize() == len(bodies)
        for tag in range(1, len(bodies) + 1):
            assert (await queue.get())[1].consumer_tag == f"consumer {tag}"
            queue.task_done()
        await asyncio.wait_for(library.join(), 1)

    asyncio.run(scene())


@pytest.mark.parametrize(
    "broken",
    [
        [Basic.Deliver("consumer", 1, False, "events", "key"), ContentBody(b"no header")],
        [*frames(1, [b"ab"])[:2], ContentHeader(body_size=2)],
        [*frames(1, [b"ab"])[:2], Basic.Deliver("consumer", 2, False, "events", "key")],
    ],
)
async def test_a_frame_that_has_no_place_in_a_message_is_refused(broken: list[Any]) -> None:
    queue, _ = arriving([])
    *fine, wrong = broken
    for frame in fine:
        await queue.put((1, frame))
    with pytest.raises(ValueError, match="the broker breaks the protocol"):
        await queue.put((1, wrong))


@pytest.mark.parametrize(("saturated", "in_a_row"), [(False, IN_A_ROW), (True, MOST_IN_A_ROW)])
async def test_others_have_their_turn_however_much_arrives(saturated: bool, in_a_row: int) -> None:
    turns = 0
    messages: list[DeliveredMessage] = []
    queue, _ = arriving(messages, saturated=saturated)

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    for tag in range(MOST_IN_A_ROW):
        for frame in frames(tag, [b"x"]):
            await queue.put((1, frame))
    task.cancel()
    assert len(messages) == MOST_IN_A_ROW
    assert turns == MOST_IN_A_ROW * len(frames(0, [b"x"])) // in_a_row
