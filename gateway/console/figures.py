"""An account's figures, out of the metrics that this process shows (DESIGN §6) and of the ledger. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client.metrics_core import Metric

from gateway.ledger.recent import Recent
from gateway.operating import AccountState

QUEUES = ("bulk", "interactive", "due", "dead")
Labels = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Samples:
    """The values of metrics, by name and labels."""

    values: dict[tuple[str, Labels], float]

    @classmethod
    def of(cls, found: Iterable[Metric]) -> "Samples":
        """Those of gauges: what is now."""
        gauges = (metric for metric in found if metric.type == "gauge")
        return cls(
            {(each.name, frozenset(each.labels.items())): each.value for one in gauges for each in one.samples}
        )

    def get(self, name: str, **labels: str) -> float | None:
        """One value; None where this process cannot tell."""
        return self.values.get((name, frozenset(labels.items())))

    def every(self, name: str, **labels: str) -> dict[Labels, float]:
        """The values under all labels that these are among; with the labels that are not."""
        wanted = frozenset(labels.items())
        meant = ((kept, value) for (called, kept), value in self.values.items() if called == name and wanted <= kept)
        return {kept - wanted: value for kept, value in meant}


@dataclass(frozen=True, slots=True)
class Figures:
    """What the overview shows of an account. Ages and spans in seconds; None: not known to this process.

    `token_age` is since it was got, by this process; `token_used` since any process called with it.
    """

    account: str
    title: str
    state: AccountState
    queues: dict[str, int | None]
    dead: int
    oldest: float | None
    token_state: str | None
    token_age: float | None
    token_used: float | None
    last_accepted: float | None
    rate_limit: float | None
    recent: Recent = field(default_factory=Recent)


def queue_depths(samples: Samples, platform: str, account: str) -> dict[str, int | None]:
    """How much stands in each of an account's queues."""
    found = (
        (role, samples.get("gateway_queue_messages", platform=platform, account=account, queue=role))
        for role in QUEUES
    )
    return {role: None if value is None else int(value) for role, value in found}


def oldest_age(samples: Samples, platform: str, account: str) -> float | None:
    """Of whatever has waited longest, in a queue or for its next attempt."""
    found = samples.every("gateway_oldest_event_age_seconds", platform=platform, account=account)
    return max(found.values(), default=None)


def last_accepted(samples: Samples, platform: str, account: str, recent: Recent, now: float) -> float | None:
    """Seconds since an event was accepted: by any process in the last hour, or ever by this one."""
    if recent.last_accepted:
        return max(0.0, now - datetime.fromisoformat(recent.last_accepted).timestamp())
    at = samples.get("gateway_last_accepted_timestamp_seconds", platform=platform, account=account)
    return None if at is None else max(0.0, now - at)


def token_state(samples: Samples, platform: str, account: str) -> str | None:
    """The state whose gauge is 1."""
    found = samples.every("gateway_token_state", platform=platform, account=account)
    return next((dict(labels)["state"] for labels, value in found.items() if value == 1), None)
