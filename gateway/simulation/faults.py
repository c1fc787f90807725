"""Faults on demand: what a platform or the network before it may do to a call."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateway.simulation.answers import CODE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CLIENT_GONE_POLL = 0.05  # seconds: aiohttp lets a handler run on when its client leaves, so a hang looks itself
GONE = "client-gone"


class NoOptions(BaseModel):
    """A fault that takes nothing beyond kind, times and path. Options of other faults derive from it."""

    model_config = ConfigDict(extra="forbid")


class DelayOptions(NoOptions):
    """`seconds`: how long the answer is held back."""

    seconds: float = Field(ge=0, le=3600)


class StatusOptions(NoOptions):
    """`status`: the HTTP status answered; `retry_after`: seconds or an HTTP date, sent as it is."""

    status: int = Field(ge=400, le=599)
    retry_after: int | str | None = None


class FaultOrder(BaseModel):
    """What `POST /_sandbox/faults` takes; further keys are the options of the kind."""

    model_config = ConfigDict(extra="allow")

    kind: str
    times: int | None = Field(default=None, ge=1)
    path: str | None = None


@dataclass(eq=False, slots=True)
class Fault:
    """One ordered fault, active until it struck `times` calls (None: until cleared)."""

    number: int
    kind: str
    times: int | None
    path: re.Pattern[str] | None
    options: Any
    cleared: asyncio.Event  # of all faults of one generation: also a spent one may still be holding calls
    hits: int = 0

    @property
    def active(self) -> bool:
        """Whether it may still strike."""
        return not self.cleared.is_set() and (self.times is None or self.hits < self.times)

    def describe(self) -> dict[str, Any]:
        """The order as it stands, for `GET /_sandbox/faults`."""
        options: dict[str, Any] = self.options.model_dump()
        pattern = self.path.pattern if self.path else None
        order = {"id": self.number, "kind": self.kind, "times": self.times, "path": pattern}
        return order | {"hits": self.hits} | options


FaultHandler = Callable[[web.Request, Fault, Handler], Awaitable[web.StreamResponse]]
"""Gets the request, the fault with its validated options, and how to go on to the platform."""


def _any_call(_request: web.Request) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class FaultKind:
    """How a kind of fault answers, which options it takes, and which calls it can strike at all."""

    handle: FaultHandler
    options: type[NoOptions] = NoOptions
    applies: Callable[[web.Request], bool] = _any_call


async def _delay(request: web.Request, fault: Fault, go_on: Handler) -> web.StreamResponse:
    with suppress(TimeoutError):
        async with asyncio.timeout(fault.options.seconds):
            await fault.cleared.wait()
    return await go_on(request)


async def _status(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    wait = fault.options.retry_after
    headers = None if wait is None else {"Retry-After": str(wait)}
    page = _page(f"{fault.options.status} error")
    return web.Response(text=page, status=fault.options.status, headers=headers, content_type="text/html")


async def _html(_request: web.Request, _fault: Fault, _go_on: Handler) -> web.StreamResponse:
    response = web.Response(text=_page("系统维护中"), content_type="text/html")
    response[CODE] = "html"
    return response


def _page(title: str) -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"


async def _hang(request: web.Request, fault: Fault, go_on: Handler) -> web.StreamResponse:
    while not fault.cleared.is_set():
        if left(request):
            return _nothing(request, GONE)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLIENT_GONE_POLL):
                await fault.cleared.wait()
    return await go_on(request)


async def _drop(request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    return _nothing(request, fault.kind)


async def _drop_after(request: web.Request, fault: Fault, go_on: Handler) -> web.StreamResponse:
    await go_on(request)
    return _nothing(request, fault.kind)


def left(request: web.Request) -> bool:
    """Whether nobody is there any more to read an answer."""
    return request.transport is None or request.transport.is_closing()


def _nothing(request: web.Request, code: str) -> web.Response:
    """Close the connection; what is returned can no longer be sent and only names the loss in the record."""
    if request.transport is not None:
        request.transport.close()
    response = web.Response()
    response[CODE] = code
    return response


GENERIC_FAULTS: Mapping[str, FaultKind] = {
    "delay": FaultKind(_delay, DelayOptions),
    "status": FaultKind(_status, StatusOptions),
    "html": FaultKind(_html),
    "hang": FaultKind(_hang),
    "drop": FaultKind(_drop),
    "drop-after": FaultKind(_drop_after),
}


class Faults:
    """The faults ordered; those that match a call apply to it in the order in which they were ordered."""

    def __init__(self, kinds: Mapping[str, FaultKind]) -> None:
        self.kinds = {**GENERIC_FAULTS, **kinds}
        self._ordered: list[Fault] = []
        self._last_number = 0
        self._cleared = asyncio.Event()

    def order(self, order: FaultOrder) -> Fault:
        """Add a fault. ValueError (ValidationError is one) says what is wrong with the order."""
        kind = self.kinds.get(order.kind)
        if kind is None:
            raise ValueError(f"kind: {order.kind!r} is none of {', '.join(sorted(self.kinds))}")
        path = _pattern(order.path)
        options = kind.options.model_validate(order.model_extra or {})
        self._last_number += 1
        fault = Fault(self._last_number, order.kind, order.times, path, options, self._cleared)
        self._ordered.append(fault)
        return fault

    def active(self) -> list[Fault]:
        """Faults that may still strike; the others are forgotten."""
        if self._ordered:
            self._ordered = [fault for fault in self._ordered if fault.active]
        return self._ordered

    def clear(self) -> int:
        """End every fault, also for the calls that one is holding; returns how many could still strike."""
        ended = len(self.active())
        self._ordered = []
        self._cleared.set()
        self._cleared = asyncio.Event()
        return ended

    def strikes(self, fault: Fault, request: web.Request, path: str) -> bool:
        """Whether this call is struck; being struck uses up one of the fault's times."""
        meant = fault.path is None or fault.path.search(path) is not None
        if not (meant and fault.active and self.kinds[fault.kind].applies(request)):
            return False
        fault.hits += 1
        return True


def _pattern(path: str | None) -> re.Pattern[str] | None:
    try:
        return None if path is None else re.compile(path)
    except re.error as error:
        raise ValueError(f"path: not a regular expression: {error}") from None
