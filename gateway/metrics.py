"""The Prometheus metrics of the public contract (DESIGN §6). Labels are bounded: no id, no free text."""

from collections.abc import Iterable
from time import time
from typing import Any, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from gateway.gate import STATES
from gateway.outcome import Category
from gateway.platform import Operation

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
REPLAYED = Counter("gateway_events_replayed", "Replayed events that ended again, by outcome", (*_ACCOUNT, "outcome"))
LAST_ACCEPTED = Gauge(
    "gateway_last_accepted_timestamp_seconds",
    "When this process last had an event accepted by the platform, Unix seconds",
    _ACCOUNT,
)
TOKEN_LOGINS = Counter("gateway_token_logins", "Logins: ok, failed, stopped", (*_ACCOUNT, "result"))
TOKEN_AGE = Gauge(
    "gateway_token_age_seconds",
    "Since this process got the token it holds, by a login or from its predecessor; absent without one",
    _ACCOUNT,
)
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
LANES_WAITING = Gauge(
    "gateway_lanes_waiting",
    "Events waiting for an earlier one of their lane: in the hands of this worker, or in the broker by the ledger",
    (*_ACCOUNT, "where"),
)

# What every process sees of broker and ledger by itself; absent while it cannot see it.
ACCOUNT_CONFIGURED = Gauge("gateway_account_configured", "1 for each account this process knows of", _ACCOUNT)
BROKER_UP = Gauge("gateway_broker_up", "Whether this process can ask the broker: 1 or 0")
QUEUE_MESSAGES = Gauge(
    "gateway_queue_messages",
    "Messages that stand in a queue and are in nobody's hands; shared queues belong to no account",
    (*_ACCOUNT, "queue"),
)
CONSUMERS_ALIVE = Gauge("gateway_consumers_alive", "Consumers that the broker knows of", (*_ACCOUNT, "queue"))
OLDEST_EVENT = Gauge(
    "gateway_oldest_event_age_seconds",
    "Of a queue (bulk, interactive, due): since it was last seen empty, so its oldest message is at most so old. "
    "Of the ladder: since the oldest event that waits outside its queue was first seen",
    (*_ACCOUNT, "where"),
)
DEAD_LETTERS = Gauge("gateway_dead_letters", "Dead letters that nobody has dealt with yet", (*_ACCOUNT, "category"))
REPLAY_RUNS = Gauge(
    "gateway_replay_runs", "Unfinished replays and discards: running, paused or stopped by failures", ("state",)
)
REPLAY_LETTERS = Gauge("gateway_replay_letters", "The letters in unfinished runs, by where each stands", ("state",))
INBOUND_WAITING = Gauge(
    "gateway_inbound_waiting",
    "Calls from the platform that were answered and wait in the ledger for the broker",
    _ACCOUNT,
)
HTTP_EVENTS = Counter(
    "gateway_http_events", "Events that came by POST /events, by publisher and HTTP status", ("publisher", "status")
)
CERTIFICATE_EXPIRY = Gauge(
    "gateway_certificate_expiry_seconds",
    "Until a certificate of the account's settings ends; below 0 once it has",
    (*_ACCOUNT, "certificate"),
)

_ENDINGS = (
    ("accepted", ""),
    *(("rejected", category.value) for category in (Category.INVALID, Category.REJECTED)),
    *(("dead", c.value) for c in (Category.EXHAUSTED, Category.UNCERTAIN, Category.UNKNOWN, Category.HELD)),
)


Metric = TypeVar("Metric", Counter, Gauge, Histogram)
_CHILDREN: dict[tuple[object, ...], Any] = {}


def child(metric: Metric, *labels: str) -> Metric:
    """The metric with these labels, looked up once: for what every event moves, and nobody takes away."""
    key = (metric, *labels)
    found: Metric | None = _CHILDREN.get(key)
    if found is None:
        found = _CHILDREN[key] = metric.labels(*labels)
    return found


def begin(platform: str, account: str, operations: Iterable[Operation]) -> None:
    """Show what may be counted at 0, so that the first time counts as an increase."""
    RESULTS_UNROUTED.labels(platform, account)
    for outcome in ("accepted", "rejected", "dead"):
        REPLAYED.labels(platform, account, outcome)
    for result in ("ok", "failed", "stopped"):
        TOKEN_LOGINS.labels(platform, account, result)
    for operation in operations:
        RETRIES.labels(platform, account, operation.name)
        for outcome, category in (*_ENDINGS, *((("expired", ""),) if operation.interactive else ())):
            EVENTS_SETTLED.labels(platform, account, operation.name, outcome, category)


def release(platform: str, account: str) -> None:
    """Take away what only the account's active worker can tell: another one tells it from now on."""
    for gauge in (BREAKER_STATE, TOKEN_AGE):
        gauge.remove(platform, account)
    LANES_WAITING.remove(platform, account, "worker")
    for state in STATES:
        ACCOUNT_STATE.remove(platform, account, state)


def show_token_age(platform: str, account: str, *, held: bool) -> None:
    """Count a token's age from now on, or show none."""
    TOKEN_AGE.remove(platform, account)
    if held:
        since = time()
        TOKEN_AGE.labels(platform, account).set_function(lambda: time() - since)
