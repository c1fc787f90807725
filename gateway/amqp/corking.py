"""Frames for the broker that are ready in one turn of the event loop leave in one piece: each piece is a system call.

Publishes and acknowledgements come in groups, as the ledger has written them, and a system call that wakes the
broker takes longer than everything else that is done for a message.
"""

import asyncio
from itertools import groupby

import aiormq
from aio_pika.abc import AbstractChannel
from aiormq.abc import ChannelFrame, TaskType


class Corked(asyncio.Queue[ChannelFrame]):
    """Stands before a connection's queue of frames, and has its channel's frames until the turn is over."""

    def __init__(self, channel: aiormq.Channel) -> None:
        super().__init__()
        self._connection = channel.connection
        self._frames: list[ChannelFrame] = []
        self._passing: TaskType | None = None

    async def put(self, item: ChannelFrame) -> None:
        """Leave the frame to be passed on in its order."""
        self.put_nowait(item)

    def put_nowait(self, item: ChannelFrame) -> None:
        """The same."""
        self._frames.append(item)
        if self._passing is None or self._passing.done():
            self._passing = self._connection.create_task(self._pass_on())  # ends with the connection at the latest

    async def _pass_on(self) -> None:
        while self._frames:
            frames, self._frames = self._frames, []
            for piece in pieces(frames):
                await self._connection.write_queue.put(piece)


def pieces(frames: list[ChannelFrame]) -> list[ChannelFrame]:
    """Neighbours made one. A frame that somebody waits for, or that is the last one, goes by itself."""
    found: list[ChannelFrame] = []
    for plain, group in groupby(frames, lambda frame: frame.drain_future is None and not frame.should_close):
        if plain:
            found.append(ChannelFrame(payload=b"".join(frame.payload for frame in group), should_close=False))
        else:
            found.extend(group)
    return found


async def corked(channel: AbstractChannel) -> aiormq.Channel:
    """The lower level of this channel, corked from now on."""
    underlay = await channel.get_underlay_channel()
    if not isinstance(underlay, aiormq.Channel):
        raise TypeError(f"a channel of an unknown kind: {type(underlay).__name__}")
    if not isinstance(underlay.write_queue, Corked):
        underlay.write_queue = Corked(underlay)
    return underlay
