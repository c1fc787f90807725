"""What the simulator of every platform needs once: faults on demand, a record of every call, a movable clock.

A platform builds its aiohttp application, hands its own counters and faults to `Simulation` and calls
`install(app)`. From then on every call outside `/_sandbox/` is a business call: recorded, and subject to the
faults that `/_sandbox/faults` ordered. The application works alike at the root and as a sub-application:
paths in records, counters and fault patterns are relative to where it is mounted.
"""

from gateway.simulation.answers import CODE, bad_control, control_input, json_answer
from gateway.simulation.calls import short_hash
from gateway.simulation.clock import Clock
from gateway.simulation.faults import Fault, FaultHandler, FaultKind, Handler, NoOptions
from gateway.simulation.simulation import Simulation

__all__ = [
    "CODE",
    "Clock",
    "Fault",
    "FaultHandler",
    "FaultKind",
    "Handler",
    "NoOptions",
    "Simulation",
    "bad_control",
    "control_input",
    "json_answer",
    "short_hash",
]
