"""The record of every business call that a simulator got."""

import hashlib
import time
from collections import Counter, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from gateway.simulation.clock import Clock

RECORDED_BODY = 64 * 1024  # bytes: certificate files and photos are counted, not kept


def short_hash(secret: str) -> str:
    """Twelve hex digits that tell two secrets apart without showing either."""
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()[:12]


@dataclass(slots=True)
class Call:
    """One business call; complete once `answer` is set."""

    seq: int  # 1, 2, 3 … in the order of arrival
    method: str
    path: str
    query: str
    content_type: str
    at: float  # arrival by the platform's clock, seconds since the epoch
    monotonic: float  # arrival by the monotonic clock, seconds
    in_flight: int  # this one included
    token: str | None  # a short hash
    body: bytes | None = None  # None: not read, or too large to keep
    faults: list[str] = field(default_factory=list)
    decided: str | None = None  # the platform's code, delivered or not; None: the platform never saw the call
    answer: str | None = None  # what the caller got: the platform's code, http-<status>, or the fault's kind
    status: int | None = None  # the HTTP status sent; None: nothing was

    def describe(self, hidden: Collection[str]) -> dict[str, Any]:
        """The call as JSON; `hidden` parameters appear as short hashes."""
        facts = {name: getattr(self, name) for name in self.__slots__}
        query = dict(parse_qsl(self.query, keep_blank_values=True))
        return facts | {"query": _masked(query, hidden), "body": _masked(self._parsed(), hidden)}

    def _parsed(self) -> Any:
        if not self.body:
            return None
        if self.content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {"bytes": len(self.body)}


def _masked(value: Any, hidden: Collection[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: short_hash(str(each)) if key in hidden else each for key, each in value.items()}


class Calls:
    """The last `keep` calls and exact counters over all of them."""

    def __init__(self, clock: Clock, keep: int, hidden: Collection[str], credential_header: str) -> None:
        self.recent: deque[Call] = deque(maxlen=keep)
        self.counts: Counter[tuple[str, str]] = Counter()
        self.total = 0
        self.in_flight = 0
        self.max_in_flight = 0
        self._clock = clock
        self._hidden = hidden
        self._credential_header = credential_header

    def reset(self) -> None:
        """Forget what was recorded; calls still in flight are counted when they end."""
        self.recent.clear()
        self.counts.clear()
        self.total = 0
        self.max_in_flight = self.in_flight

    def begin(self, request: web.Request, path: str) -> Call:
        """Record an arrival."""
        self.total += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        call = Call(
            seq=self.total,
            method=request.method,
            path=path,
            query=request.rel_url.raw_query_string,
            content_type=request.content_type,
            at=self._clock(),
            monotonic=time.monotonic(),
            in_flight=self.in_flight,
            token=self._token_hash(request),
        )
        self.recent.append(call)
        return call

    def end(self, call: Call, answer: str, status: int | None) -> None:
        """Record what the caller got."""
        self.in_flight -= 1
        call.answer, call.status = answer, status
        self.counts[call.path, answer] += 1

    def describe(self, since: int, limit: int) -> dict[str, Any]:
        """At most `limit` calls after number `since`, and the counters: path -> answer -> how often."""
        wanted = [call for call in self.recent if call.seq > since][:limit]
        counts: dict[str, dict[str, int]] = {}
        for (path, answer), count in self.counts.items():
            counts.setdefault(path, {})[answer] = count
        return {
            "calls": [call.describe(self._hidden) for call in wanted],
            "counts": counts,
            "total": self.total,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
        }

    def _token_hash(self, request: web.Request) -> str | None:
        sent = request.headers.get(self._credential_header)
        return short_hash(sent.split(" ")[-1]) if sent else None
