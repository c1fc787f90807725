"""Spans by OpenTelemetry, exported by OTLP over HTTP. Needs the extra `otel`; only gateway.tracing imports this."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, Status, StatusCode, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.trace_context import TraceContext, read
from gateway.tracing import Fields, Kind

EXPORT_SECONDS = 3.0
"""For one export, so that a collector that is away does not keep the process from ending."""

CLOSE_SECONDS = 4.0
PATH = "/v1/traces"
_KINDS = {"consumer": SpanKind.CONSUMER, "client": SpanKind.CLIENT, "producer": SpanKind.PRODUCER}
_PROPAGATOR = TraceContextTextMapPropagator()


class Exporting:
    """See gateway.tracing.Tracer."""

    def __init__(self, endpoint: str, service: str, share: float) -> None:
        url = endpoint if endpoint.endswith(PATH) else endpoint.rstrip("/") + PATH
        self._provider = TracerProvider(
            sampler=ParentBased(TraceIdRatioBased(share)),
            resource=Resource.create({"service.name": service}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url, timeout=EXPORT_SECONDS)))
        self._tracer = self._provider.get_tracer("gateway")

    @contextmanager
    def span(self, name: str, kind: Kind, fields: Fields, parent: TraceContext | None) -> Iterator[None]:
        """A failure is shown by its kind alone: its text may say more than leaves the house."""
        above = _PROPAGATOR.extract(parent.headers) if parent and not get_current_span().is_recording() else None
        with self._tracer.start_as_current_span(
            name, above, _KINDS[kind], record_exception=False, set_status_on_exception=False
        ) as span:
            self.tell(fields)
            try:
                yield
            except BaseException as error:
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    def tell(self, fields: Fields) -> None:
        """Add to the span under way, each under the prefix `gateway.`."""
        known = {f"gateway.{name}": value for name, value in fields.items() if value is not None}
        get_current_span().set_attributes(known)

    def context(self) -> TraceContext | None:
        """Of the span under way."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return read(carrier)

    async def close(self) -> None:
        """Hand on what has ended. In a thread that nobody waits for longer than 4 s, whatever the collector does."""
        thread = Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        deadline = asyncio.get_running_loop().time() + CLOSE_SECONDS
        while thread.is_alive() and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0.02)
