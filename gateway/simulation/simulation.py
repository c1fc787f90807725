"""Joins faults, record and clock to the application of one platform."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from gateway.simulation.answers import bad_control, code_of, control_input, json_answer, reasons
from gateway.simulation.calls import RECORDED_BODY, Call, Calls
from gateway.simulation.clock import Clock
from gateway.simulation.faults import GONE, Fault, FaultKind, FaultOrder, Faults, Handler, NoOptions, left


class _Advance(NoOptions):
    advance: float


class Simulation:
    """Faults, record and clock of one simulated platform.

    `state` gives the platform's own counters, `reset` brings it back to its start; `kinds` are the faults
    that only this platform knows. Parameters named in `hidden` and the header `credential_header` appear in
    records as short hashes only.
    """

    CONTROL = "/_sandbox"

    def __init__(
        self,
        *,
        state: Callable[[], Mapping[str, Any]],
        reset: Callable[[], None],
        clock: Clock,
        kinds: Mapping[str, FaultKind] | None = None,
        keep_calls: int = 200_000,
        hidden: Collection[str] = frozenset({"secret", "token", "password"}),
        credential_header: str = "Authorization",
    ) -> None:
        self.clock = clock
        self.calls = Calls(clock, keep_calls, hidden, credential_header)
        self.faults = Faults(kinds or {})
        self._state = state
        self._reset_platform = reset
        self._mounted_at: Callable[[], str] = str

    def install(self, app: web.Application) -> None:
        """Put the middleware and the control routes into the platform's application."""
        faults = app.router.add_resource(f"{self.CONTROL}/faults")
        # aiohttp tells a sub-application its prefix only by changing its routes
        self._mounted_at = lambda: faults.canonical.removesuffix(f"{self.CONTROL}/faults")
        faults.add_route("POST", self._order_fault)
        faults.add_route("GET", self._list_faults)
        faults.add_route("DELETE", self._clear_faults)
        app.router.add_get(f"{self.CONTROL}/calls", self._list_calls)
        app.router.add_get(f"{self.CONTROL}/state", self._show_state)
        app.router.add_post(f"{self.CONTROL}/reset", self._reset)
        app.router.add_get(f"{self.CONTROL}/clock", self._show_clock)
        app.router.add_post(f"{self.CONTROL}/clock", self._advance_clock)
        app.middlewares.append(self._observe)
        app.on_shutdown.append(self._release)

    @web.middleware
    async def _observe(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(self._mounted_at())
        if path.startswith(f"{self.CONTROL}/"):
            return await handler(request)
        call = self.calls.begin(request, path)
        try:
            response = await self._answer(request, handler, call)
        except BaseException as error:
            self.calls.end(call, *_failure(error))
            raise
        self.calls.end(call, code_of(response), None if left(request) else response.status)
        return response

    async def _answer(self, request: web.Request, handler: Handler, call: Call) -> web.StreamResponse:
        if not request.content_type.startswith("multipart/"):  # can be read only once: by the platform
            body = await request.read()
            call.body = body if len(body) <= RECORDED_BODY else None

        async def process(request: web.Request) -> web.StreamResponse:
            response = await handler(request)
            call.decided = code_of(response)
            return response

        return await self._strike(request, process, call, iter(tuple(self.faults.active())))

    async def _strike(
        self, request: web.Request, process: Handler, call: Call, faults: Iterator[Fault]
    ) -> web.StreamResponse:
        async def go_on(request: web.Request) -> web.StreamResponse:
            return await self._strike(request, process, call, faults)

        for fault in faults:
            if self.faults.strikes(fault, request, call.path):
                call.faults.append(fault.kind)
                return await self.faults.kinds[fault.kind].handle(request, fault, go_on)
        return await process(request)

    async def _order_fault(self, request: web.Request) -> web.Response:
        order = await control_input(request, FaultOrder)
        try:
            fault = self.faults.order(order)
        except ValidationError as error:
            raise bad_control(reasons(error)) from None
        except ValueError as error:
            raise bad_control(str(error)) from None
        return json_answer(fault.describe(), "ordered", status=201)

    async def _list_faults(self, _request: web.Request) -> web.Response:
        active = [fault.describe() for fault in self.faults.active()]
        return json_answer({"faults": active, "kinds": sorted(self.faults.kinds)}, "listed")

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        return json_answer({"cleared": self.faults.clear()}, "cleared")

    async def _list_calls(self, request: web.Request) -> web.Response:
        since, limit = _number(request, "since", 0), _number(request, "limit", len(self.calls.recent))
        return json_answer(self.calls.describe(since, limit), "listed")

    async def _show_state(self, _request: web.Request) -> web.Response:
        return json_answer(self._state(), "shown")

    async def _show_clock(self, _request: web.Request) -> web.Response:
        return json_answer({"now": self.clock()}, "shown")

    async def _advance_clock(self, request: web.Request) -> web.Response:
        self.clock.advance((await control_input(request, _Advance)).advance)
        return json_answer({"now": self.clock()}, "advanced")

    async def _reset(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        self.calls.reset()
        self.clock.reset()
        self._reset_platform()
        return json_answer({"reset": True}, "reset")

    async def _release(self, _app: web.Application) -> None:
        """A hanging call would hold up the shutdown for as long as it hangs."""
        self.faults.clear()


def _failure(error: BaseException) -> tuple[str, int | None]:
    if isinstance(error, web.HTTPException):
        return code_of(error), error.status
    # aiohttp turns what is left into a 500, except where nobody is there to read it
    return ("http-500", 500) if isinstance(error, Exception) and not isinstance(error, OSError) else (GONE, None)


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isdecimal():
        raise bad_control(f"{name}: not a whole number: {text}")
    return int(text)
