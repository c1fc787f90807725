"""Headers that a dead letter carries beside the event's own, unchanged body (DESIGN §5)."""

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

ON_THE_LADDER = (DUE, FAILED, FORGIVEN)
"""What is of use on the ladder only."""

DEADLINE = "x-gateway-deadline"
"""Epoch milliseconds after which an interactive question on the ladder is answered `expired`."""
