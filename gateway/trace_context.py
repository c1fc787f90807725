"""W3C trace context, as events carry it: in AMQP headers, or as CloudEvents' distributed tracing extension. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_STATE = re.compile(r"[ -~]{1,512}")


@dataclass(frozen=True, slots=True)
class TraceContext:
    """Which trace something belongs to, and under which span."""

    traceparent: str
    tracestate: str | None = None

    @property
    def trace_id(self) -> str:
        """32 hex digits."""
        return self.traceparent.split("-")[1]

    @property
    def headers(self) -> dict[str, str]:
        """Both names with their values, as AMQP, HTTP and CloudEvents have them."""
        state = {} if self.tracestate is None else {"tracestate": self.tracestate}
        return {"traceparent": self.traceparent, **state}


def read(values: Mapping[str, Any]) -> TraceContext | None:
    """The context among headers or an event's attributes; None where there is none, or none that W3C would take."""
    parent, state = values.get("traceparent"), values.get("tracestate")
    if not isinstance(parent, str) or not _PARENT.fullmatch(parent):
        return None
    return TraceContext(parent, state if isinstance(state, str) and _STATE.fullmatch(state) else None)
