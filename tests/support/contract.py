"""What every platform shows of itself to the common suite: one situation for each way an answer can end an event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.outcome import Accepted, Ending

Order = tuple[str, str, dict[str, Any]]
"""Method, path and JSON of a call to the simulator before the event."""


@dataclass(frozen=True, slots=True)
class Situation:
    """An event that ends in this way, and with this code where one is given, once the simulator is prepared."""

    event_operation: str
    data: dict[str, Any]
    prepare: list[Order] = field(default_factory=list)
    expect: type[Ending] = Accepted
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a situation cannot arise at this platform."""

    reason: str


Situations = Mapping[str, Situation | Waiver]

REQUIRED = (
    "accepted",
    "duplicate",
    "refused",
    "unavailable",
    "throttled",
    "unknown code",
    "unreadable answer",
    "token expired",
)
"""What every platform must show, or waive with a reason."""
