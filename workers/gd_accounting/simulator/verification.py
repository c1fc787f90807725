"""Sections 8 and 9: QR codes that a learner scans during a course, and what became of them."""

import struct
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import shake_256

from workers.gd_accounting.simulator.codes import Code, Refused

VALID_SECONDS = 120
"""二维码有效期为2分钟; validaty is an int without a unit, answered in seconds here."""

NOT_VERIFIED, VERIFIED, TIMED_OUT = "0", "1", "2"

_BEIJING = timezone(timedelta(hours=8))


def beijing(seconds: float) -> str:
    """A point in time as the platform writes it: yyyy-MM-dd HH:mm:ss, Beijing time."""
    return datetime.fromtimestamp(seconds, _BEIJING).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(slots=True)
class QRCode:
    """One code shown to one learner for one kind of course."""

    ticket: str
    course: str
    created: float
    verified: bool = False


class Verifications:
    """QR codes, and when which learner was verified for which course (Beijing time)."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, QRCode] = {}
        self._times: dict[tuple[str, str], list[str]] = {}

    def reset(self) -> None:
        """No code was shown, nobody verified."""
        self._codes.clear()
        self._times.clear()

    def show(self, ticket: str, course: str) -> str:
        """A new code's uuid."""
        number = uuid.uuid4().hex
        self._codes[number] = QRCode(ticket, course, self._clock())
        return number

    def result(self, ticket: str, number: str) -> str:
        """What became of a code: once scanned in time it stays verified.

        The document is silent on a uuid that was never issued, or was for another learner; here A0416.
        """
        code = self._codes.get(number)
        if code is None or code.ticket != ticket:
            raise Refused(Code.INVALID, "uuid")
        if code.verified:
            return VERIFIED
        return TIMED_OUT if self._timed_out(code) else NOT_VERIFIED

    def scan(self, number: str, at: str | None) -> None:
        """The learner scans the code now; `at` is the time of verification noted, by default now too."""
        code = self._codes.get(number)
        if code is None:
            raise ValueError("uuid: no such code was issued")
        if self._timed_out(code):
            raise ValueError(f"uuid: issued more than {VALID_SECONDS} seconds ago")
        code.verified = True
        self.record(code.ticket, code.course, at)

    def record(self, ticket: str, course: str, at: str | None) -> None:
        """The learner was verified for the course, at a time or now."""
        self._times.setdefault((ticket, course), []).append(at or beijing(self._clock()))

    def within(self, ticket: str, course: str, start: str, end: str) -> bool:
        """Whether the learner was verified for the course from `start` to `end`, both included."""
        return any(start <= time <= end for time in self._times.get((ticket, course), ()))

    def counts(self) -> dict[str, int]:
        """How many codes were shown, and how many verifications noted."""
        return {"shown": len(self._codes), "verified": sum(map(len, self._times.values()))}

    def _timed_out(self, code: QRCode) -> bool:
        return self._clock() - code.created > VALID_SECONDS


def picture(number: str) -> bytes:
    """A small PNG that differs for each code. It only looks like a QR code: nobody scans a simulator."""
    modules, scale = 25, 4
    noise = int.from_bytes(shake_256(number.encode()).digest(modules * modules // 8 + 1), "big")
    rows = (noise >> (modules * row) & ((1 << modules) - 1) for row in range(modules))
    lines = b"".join(_line(f"{row:0{modules}b}", scale) * scale for row in rows)
    header = struct.pack(">IIBBBBB", modules * scale, modules * scale, 1, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _line(bits: str, scale: int) -> bytes:
    """One scan line of a 1-bit picture: filter byte 0, then the pixels, filled up to whole bytes."""
    pixels = "".join(bit * scale for bit in bits)
    pixels += "0" * (-len(pixels) % 8)
    return b"\0" + int(pixels, 2).to_bytes(len(pixels) // 8, "big")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
