"""What was seen of broker and ledger, as metrics: shown, and taken away again when it is no longer known."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from time import time
from typing import get_args

from gateway import metrics, platform
from gateway.account import Account
from gateway.depth import Depth
from gateway.ledger import Counts
from gateway.operating.model import UNFINISHED, LetterState
from gateway.outcome import Category

CONSUMED = frozenset({"bulk", "interactive", "due"})
"""The queues that a worker consumes, and in which an event can grow old."""

Labels = tuple[str, str, str]
"""Platform, account and role of a queue; the first two are empty where all accounts share it."""


def show_settings(account: Account) -> None:
    """What follows from the settings alone."""
    whose = account.platform, account.name
    metrics.ACCOUNT_CONFIGURED.labels(*whose).set(1)
    for certificate in platform.load(account.platform).certificates(account.settings):
        gauge = metrics.CERTIFICATE_EXPIRY.labels(*whose, certificate.key)
        gauge.set_function(_until(certificate.ends))


def show_queues(found: Mapping[Labels, Depth]) -> None:
    """The broker answers."""
    metrics.BROKER_UP.set(1)
    for labels, (messages, consumers) in found.items():
        metrics.QUEUE_MESSAGES.labels(*labels).set(messages)
        if labels[2] in CONSUMED:
            metrics.CONSUMERS_ALIVE.labels(*labels).set(consumers)


def show_backlog(queue: Labels, seconds: float) -> None:
    """For how long the queue has not been seen empty."""
    if queue[2] in CONSUMED:
        metrics.OLDEST_EVENT.labels(*queue).set(seconds)


def hide_queues(named: Iterable[Labels]) -> None:
    """The broker does not answer: nothing is known of these queues."""
    metrics.BROKER_UP.set(0)
    for labels in named:
        metrics.QUEUE_MESSAGES.remove(*labels)
        metrics.CONSUMERS_ALIVE.remove(*labels)
        metrics.OLDEST_EVENT.remove(*labels)


def show_counts(accounts: Sequence[Account], counts: Counts, now: float) -> None:
    """The ledger answers: every account's numbers, the zeros too. `now`: Unix seconds."""
    for account in accounts:
        whose = account.platform, account.name
        metrics.LEDGER_UP.labels(*whose).set(1)
        waiting = counts.waiting.get(whose)
        metrics.LANES_WAITING.labels(*whose, "broker").set(waiting.behind if waiting else 0)
        show_oldest(account, waiting.oldest if waiting else now, now)
        for category, number in _letters(account, counts).items():
            metrics.DEAD_LETTERS.labels(*whose, category).set(number)
    for state in UNFINISHED:
        metrics.REPLAY_RUNS.labels(state).set(counts.runs.get(state, 0))
    for of_letter in get_args(LetterState):
        metrics.REPLAY_LETTERS.labels(of_letter).set(counts.run_letters.get(of_letter, 0))


def show_oldest(account: Account, since: float | None, now: float) -> None:
    """Since when the oldest event waits outside its queue; None where that cannot be told."""
    whose = account.platform, account.name
    metrics.OLDEST_EVENT.remove(*whose, "ladder")
    if since is not None:
        metrics.OLDEST_EVENT.labels(*whose, "ladder").set(max(0.0, now - since))


def hide_counts(accounts: Sequence[Account]) -> None:
    """The ledger does not answer."""
    for account in accounts:
        whose = account.platform, account.name
        metrics.LEDGER_UP.labels(*whose).set(0)
        metrics.LANES_WAITING.remove(*whose, "broker")
        metrics.OLDEST_EVENT.remove(*whose, "ladder")
        for category in Category:
            metrics.DEAD_LETTERS.remove(*whose, category.value)
    metrics.REPLAY_RUNS.clear()
    metrics.REPLAY_LETTERS.clear()


def _letters(account: Account, counts: Counts) -> dict[str, int]:
    """By category; whatever has none of ours needs a person to look at it, as `unknown` does."""
    found = dict.fromkeys((category.value for category in Category), 0)
    for category, number in counts.dead.get((account.platform, account.name), {}).items():
        found[category if category in found else Category.UNKNOWN.value] += number
    return found


def _until(ends: datetime) -> Callable[[], float]:
    return lambda: ends.timestamp() - time()
