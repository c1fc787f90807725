"""What comes from the broker in great numbers is handled where it comes in; the client library has the rest."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import aiormq
from aiormq.abc import DeliveredMessage
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.header import ContentHeader

from gateway.busy import Busy

IN_A_ROW, MOST_IN_A_ROW = 10, 200
"""Frames before the rest of the process has its turn: the library reads on as long as there are any. The most in a
saturated process, for which fewer turns of the event loop are cheaper."""


class _Content:
    """A message whose header and body are still to come, and what is to be done with it then."""

    __slots__ = ("_body", "_channel", "_handle", "_header", "_method")

    def __init__(self, method: Any, channel: aiormq.Channel, handle: Callable[[DeliveredMessage], None]) -> None:
        self._method, self._channel, self._handle = method, channel, handle
        self._header: ContentHeader | None = None
        self._body = b""

    def add(self, frame: Any) -> bool:
        """Whether the message is whole with this frame. Raises ValueError for one that has no place there."""
        if self._header is None and isinstance(frame, ContentHeader):
            self._header = frame
        elif self._header is not None and isinstance(frame, ContentBody):
            self._body += frame.value
        else:
            raise ValueError(f"the broker breaks the protocol: {type(frame).__name__} within a message")
        if len(self._body) < (self._header.body_size or 0):
            return False
        self._handle(DeliveredMessage(self._method, self._header, self._body, self._channel))
        return True


class Arriving(asyncio.Queue[Any]):
    """Takes the place of a channel's queue of frames, `frames`, whose reader still gets what is not handled here.

    `methods` are handled as they are, `messages` (Basic.Deliver, Basic.Return) with their content. A handler
    must not raise: the connection would end. `saturated` tells whether the process is; see gateway.busy.
    """

    def __init__(
        self,
        channel: aiormq.Channel,
        *,
        methods: Mapping[type[Frame], Callable[[Any], None]] | None = None,
        messages: Mapping[type[Frame], Callable[[DeliveredMessage], None]] | None = None,
        saturated: Callable[[], bool] | None = None,
    ) -> None:
        super().__init__()
        self._channel = channel
        self._library = channel.frames
        self._methods = methods or {}
        self._messages = messages or {}
        self._content: _Content | None = None
        self._seen = 0
        self._saturated = saturated or Busy().saturated

    async def put(self, item: Any) -> None:
        """The connection's reader has a frame for us."""
        if not self._handle(item[1]):
            await self._library.put(item)
        self._seen += 1
        if self._seen % IN_A_ROW == 0 and (self._seen % MOST_IN_A_ROW == 0 or not self._saturated()):
            await asyncio.sleep(0)

    async def get(self) -> Any:
        """The channel's reader asks for the next frame."""
        return await self._library.get()

    def task_done(self) -> None:
        """It has it."""
        self._library.task_done()

    def _handle(self, frame: Any) -> bool:
        kind = type(frame)
        if self._content is not None:
            if self._content.add(frame):
                self._content = None
        elif kind in self._messages:
            self._content = _Content(frame, self._channel, self._messages[kind])
        elif kind in self._methods:
            self._methods[kind](frame)
        else:
            return False
        return True
