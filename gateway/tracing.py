"""Spans of what is done with an event, and the trace context that goes along with what is sent.

Without an endpoint there are no spans and nothing is imported: the context of the event is passed on as it came.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from typing import Literal, Protocol

from gateway.errors import RefusedError
from gateway.trace_context import TraceContext

Kind = Literal["consumer", "client", "producer"]
Fields = Mapping[str, str | int | None]

ADVICE = "tracing.endpoint: OpenTelemetry is not installed; pip install 'provincial-gateway[otel]', or unset it"


class Tracer(Protocol):
    """What makes spans: see gateway.otel."""

    def span(
        self, name: str, kind: Kind, fields: Fields, parent: TraceContext | None
    ) -> AbstractContextManager[None]:
        """A span for as long as the block runs: a child of the one under way in this task, else of `parent`."""

    def tell(self, fields: Fields) -> None:
        """Add to the span under way."""

    def context(self) -> TraceContext | None:
        """Of the span under way."""

    async def close(self) -> None:
        """Hand on what has ended, for a few seconds at most."""


_tracer: Tracer | None = None
_for_platform: ContextVar[Mapping[str, str]] = ContextVar("for_platform", default={})  # noqa: B039 - never changed
_OFF: AbstractContextManager[None] = nullcontext()


@asynccontextmanager
async def exporting(endpoint: str | None, service: str, share: float) -> AsyncIterator[None]:
    """Export spans by OTLP over HTTP while the block runs, of this share of the traces that begin here.

    Raises RefusedError where an endpoint is named and OpenTelemetry is not installed.
    """
    global _tracer  # noqa: PLW0603 - as the log: one for the process
    if endpoint is None:
        yield
        return
    try:
        otel = import_module("gateway.otel")
    except ModuleNotFoundError:
        raise RefusedError(ADVICE) from None
    tracer: Tracer = otel.Exporting(endpoint, service, share)
    _tracer = tracer
    try:
        yield
    finally:
        _tracer = None
        await tracer.close()


def span(
    name: str, kind: Kind, parent: TraceContext | None = None, **fields: str | int | None
) -> AbstractContextManager[None]:
    """A span for as long as the block runs. Fields are of bounded length and hold nothing of a person."""
    return _OFF if _tracer is None else _tracer.span(name, kind, fields, parent)


def tell(**fields: str | int | None) -> None:
    """Add to the span under way, if there is one."""
    if _tracer is not None:
        _tracer.tell(fields)


def context(carried: TraceContext | None) -> TraceContext | None:
    """What goes along with something sent now: the span under way, else what the event carried."""
    return (_tracer and _tracer.context()) or carried


def headers(carried: TraceContext | None) -> dict[str, str]:
    """The same as headers, none where there is none."""
    now = context(carried)
    return now.headers if now else {}


def trace_id(carried: TraceContext | None) -> str | None:
    """Which trace this is, for the log."""
    now = context(carried)
    return now.trace_id if now else None


def calling(name: str, carried: TraceContext | None, *, told: bool) -> AbstractContextManager[None]:
    """The span of a call; the platform is `told` of it where its account is configured so."""
    return _calling(name, carried, told) if told or _tracer is not None else _OFF


@contextmanager
def _calling(name: str, carried: TraceContext | None, told: bool) -> Iterator[None]:
    with span(f"call {name}", "client"):
        before = _for_platform.set(headers(carried) if told else {})
        try:
            yield
        finally:
            _for_platform.reset(before)


def for_platform() -> Mapping[str, str]:
    """Headers for a request to the platform within `calling`."""
    return _for_platform.get()
