"""What `gateway check` looks at. Looking and judging are apart: what begins with `judge` is pure."""

from gateway.doctor.examination import examine
from gateway.doctor.finding import Finding, State

__all__ = ["Finding", "State", "examine"]
