"""AMQP 0-9-1 as bytes on a connection from client to broker: enough to know what a client is about to say. Pure."""

import struct
from dataclasses import dataclass

GREETING = 8
"""Bytes of the protocol header that comes before the first frame."""

HEAD = struct.Struct(">BHI")
METHOD = struct.Struct(">HH")
METHOD_FRAME = 1
PUBLISH = (60, 40)
ACK = (60, 80)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, whole. `method` is class and method number, None for content and heartbeats."""

    raw: bytes
    method: tuple[int, int] | None

    @property
    def exchange(self) -> str | None:
        """Where a basic.publish goes: its arguments are a reserved short, then the exchange as short string."""
        if self.method != PUBLISH:
            return None
        at = HEAD.size + METHOD.size + 2
        return self.raw[at + 1 : at + 1 + self.raw[at]].decode()

    @property
    def acknowledges(self) -> bool:
        """Whether this is a basic.ack."""
        return self.method == ACK


class Frames:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._greeted = False

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete with these bytes; the greeting counts as one."""
        self._rest += data
        found = []
        while (length := self._length()) and len(self._rest) >= length:
            found.append(_frame(bytes(self._rest[:length]), greeting=not self._greeted))
            self._greeted = True
            del self._rest[:length]
        return found

    def _length(self) -> int | None:
        """Bytes of the frame that begins here: head, payload, end mark; None while its head is not complete."""
        if not self._greeted:
            return GREETING
        if len(self._rest) < HEAD.size:
            return None
        size: int = HEAD.unpack_from(self._rest)[2]
        return HEAD.size + size + 1


def _frame(raw: bytes, *, greeting: bool) -> Frame:
    if greeting or raw[0] != METHOD_FRAME:
        return Frame(raw, None)
    class_id, method_id = METHOD.unpack_from(raw, HEAD.size)
    return Frame(raw, (class_id, method_id))
