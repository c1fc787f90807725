"""A delivery, and what of it travels on when it is delayed, dies or is replayed. Pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aiormq.abc import DeliveredMessage

from schemas import dead_letters

REPLAY = "x-gateway-replay"
"""Names the replay that put the event back: with it, an event that has ended is done anew."""

_BROKERS_OWN = ("x-death", "x-first-death-", "x-last-death-", "x-delivery-count", "x-acquired-", "x-opt-")
_ROUTING = frozenset({"CC", "BCC"})
_PROPERTIES = (
    "content_type", "content_encoding", "priority", "correlation_id", "reply_to", "message_id", "timestamp",
    "message_type", "app_id",
)  # fmt: skip
"""Basic properties that travel on. Not expiration, which would let a dead letter vanish, and not user_id,
which the broker compares with the connection's own user."""


class Delivery(NamedTuple):
    """One message as the broker handed it over. `expires_in` is in seconds."""

    body: bytes
    routing_key: str
    headers: Mapping[str, Any]
    properties: Mapping[str, Any]
    redelivered: bool = False
    expires_in: float | None = None

    @property
    def attempts(self) -> int:
        """Calls already made to the platform for this event."""
        return self._count(dead_letters.ATTEMPTS)

    @property
    def forgiven(self) -> int:
        """Those of the attempts that do not count, for the platform was down then."""
        return self._count(dead_letters.FORGIVEN)

    def _count(self, header: str) -> int:
        value = self.headers.get(header)
        return value if isinstance(value, int) and value > 0 else 0

    @property
    def due_at(self) -> float | None:
        """When the ladder gave it back, epoch seconds, where it comes from there."""
        return self._epoch_seconds(dead_letters.DUE)

    @property
    def failed_at(self) -> float | None:
        """When the platform last left a call of it unanswered, epoch seconds."""
        return self._epoch_seconds(dead_letters.FAILED)

    def _epoch_seconds(self, header: str) -> float | None:
        value = self.headers.get(header)
        return value / 1000 if isinstance(value, int) else None

    @property
    def position(self) -> int | None:
        """Its place in its lane, where it comes from the ladder."""
        value = self.headers.get(dead_letters.POSITION)
        return value if isinstance(value, int) and value > 0 else None

    @property
    def replay(self) -> str | None:
        """The replay that put this message here."""
        value = self.headers.get(REPLAY)
        return value if isinstance(value, str) else None

    @property
    def given_up(self) -> bool:
        """Whether the broker took it off a queue because its time was over."""
        deaths = self.headers.get("x-death")
        last = deaths[0] if isinstance(deaths, list) and deaths else None
        return (
            isinstance(last, dict) and last.get("reason") == "expired" and dead_letters.ATTEMPTS not in self.headers
        )

    def travelling(self, changed: Mapping[str, Any]) -> dict[str, Any]:
        """Properties for publishing this message again, with headers `changed`; one of None is taken off."""
        kept = {
            name: value
            for name, value in self.headers.items()
            if name not in _ROUTING and not name.startswith(_BROKERS_OWN)
        }
        headers = {name: value for name, value in (kept | dict(changed)).items() if value is not None}
        return {**self.properties, "headers": headers}


def delivery(message: DeliveredMessage) -> Delivery:
    """Read what the client library delivered."""
    said = message.header.properties
    return Delivery(
        body=message.body,
        routing_key=message.routing_key or "",
        headers=said.headers or {},
        properties={name: value for name in _PROPERTIES if (value := getattr(said, name)) is not None},
        redelivered=bool(message.redelivered),
        expires_in=_seconds(said.expiration),
    )


def _seconds(expiration: str | None) -> float | None:
    """AMQP's milliseconds, a text of digits; the broker takes nothing else."""
    return None if expiration is None or not expiration.isdecimal() else int(expiration) / 1000
