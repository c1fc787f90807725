"""The Prometheus metrics of the public contract (DESIGN §6). Labels are bounded: no id, no free text."""

from prometheus_client import Counter, Gauge, Histogram

_ACCOUNT = ("platform", "account")
_OPERATION = (*_ACCOUNT, "operation")
_AGES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400)
_CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60)

EVENTS_SETTLED = Counter(
    "gateway_events_settled",
    "Events that ended, by outcome and category",
    (*_OPERATION, "outcome", "category"),
)
EVENT_AGE = Histogram(
    "gateway_event_age_seconds", "From published (the event's time) to settled", _OPERATION, buckets=_AGES
)
PLATFORM_CALL = Histogram(
    "gateway_platform_call_seconds",
    "One call to the platform, by its code",
    (*_OPERATION, "code"),
    buckets=_CALLS,
)
RETRIES = Counter("gateway_retries", "Attempts that failed and went on the ladder", _OPERATION)
TOKEN_LOGINS = Counter("gateway_token_logins", "Logins: ok, failed, stopped", (*_ACCOUNT, "result"))
TOKEN_STATE = Gauge(
    "gateway_token_state",
    "1 for the state of the account's token: held, renewing, none, stopped or contested",
    (*_ACCOUNT, "state"),
)
LEASE_HELD = Gauge("gateway_lease_held", "1 where this process is the account's active worker", _ACCOUNT)
IN_FLIGHT = Gauge("gateway_in_flight", "Events being called or settled now", _ACCOUNT)
ACCOUNT_STATE = Gauge(
    "gateway_account_state",
    "1 for the state the account is in: working, probing, paused, contested, ledger-down or stopped",
    (*_ACCOUNT, "state"),
)
BREAKER_STATE = Gauge(
    "gateway_breaker_state",
    "0 closed: calls are made; 1 half-open: one call finds out; 2 open: none is made",
    _ACCOUNT,
)
LEDGER_UP = Gauge("gateway_ledger_up", "0 while the ledger cannot be read or written", _ACCOUNT)
RESULTS_UNROUTED = Counter("gateway_results_unrouted", "Results that no queue was bound for", _ACCOUNT)
LANES_WAITING = Gauge("gateway_lanes_waiting", "Events waiting for an earlier one of their lane", _ACCOUNT)
INBOUND_WAITING = Gauge(
    "gateway_inbound_waiting",
    "Calls from the platform that were answered and wait in the ledger for the broker",
    _ACCOUNT,
)
HTTP_EVENTS = Counter(
    "gateway_http_events", "Events that came by POST /events, by publisher and HTTP status", ("publisher", "status")
)
