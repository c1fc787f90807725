"""Headers that a dead letter carries beside the event's own, unchanged body (DESIGN §5)."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas.results import CategoryName

CATEGORY = "x-gateway-category"
CODE = "x-gateway-code"
REASON = "x-gateway-reason"
ATTEMPTS = "x-gateway-attempts"
FIRST_SEEN = "x-gateway-first-seen"
DEAD_AT = "x-gateway-dead-at"
EVENT_ID = "x-gateway-event-id"
LANE = "x-gateway-lane"

DEAD_HEADERS = (CATEGORY, CODE, REASON, ATTEMPTS, FIRST_SEEN, DEAD_AT, EVENT_ID, LANE)
"""What the gateway adds when an event dies, and takes off again when it is replayed."""

DUE = "x-gateway-due"
"""Epoch milliseconds at which a message comes back from the ladder; tells it from another copy of its event."""

FAILED = "x-gateway-failed"
"""Epoch milliseconds of the last call that the platform did not answer."""

FORGIVEN = "x-gateway-forgiven"
"""How many of the attempts do not count, for the platform was down then."""

POSITION = "x-gateway-position"
"""Its place in its lane, which it keeps: whoever comes back does not stand behind those that came later."""

ON_THE_LADDER = (DUE, FAILED, FORGIVEN, POSITION)
"""What is of use on the ladder only."""

DEADLINE = "x-gateway-deadline"
"""Epoch milliseconds after which an interactive question on the ladder is answered `expired`."""


class DeadHeaders(BaseModel):
    """The AMQP headers of a dead letter. Its body, properties and routing key are the event's own, unchanged."""

    model_config = ConfigDict(title="Dead letter headers 死信消息头")

    category: Annotated[CategoryName, Field(alias=CATEGORY, description="why, and so who must act")]
    code: Annotated[str | None, Field(alias=CODE, description="the platform's return code, or our own word")] = None
    reason: Annotated[str, Field(alias=REASON, description="for people; personal data masked")]
    attempts: Annotated[int, Field(alias=ATTEMPTS, ge=0, description="calls made to the platform")]
    first_seen: Annotated[datetime, Field(alias=FIRST_SEEN, description="when it first came to the gateway")]
    dead_at: Annotated[datetime, Field(alias=DEAD_AT)]
    event_id: Annotated[
        str | None, Field(alias=EVENT_ID, max_length=255, description="the event's id, where one could be read")
    ] = None
    lane: Annotated[str | None, Field(alias=LANE, description="a keyed hash of what it stays in order with")] = None
