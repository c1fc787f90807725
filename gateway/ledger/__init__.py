"""What happened to every event: one row per account and event, written before the event is acknowledged.

RabbitMQ holds the messages; with the ledger lost, no event is lost. It keeps no event's data, but that of calls
from platforms which the broker does not have yet.
"""

from gateway.ledger.accounts import Lease
from gateway.ledger.counting import Counts, Waiting
from gateway.ledger.errors import LedgerError
from gateway.ledger.inbox import Call, Inbox
from gateway.ledger.ledger import Ledger
from gateway.ledger.opening import open_ledger
from gateway.ledger.records import Ahead, Blocks, Buried, Entry, Key, Record, Standing

__all__ = [
    "Ahead", "Blocks", "Buried", "Call", "Counts", "Entry", "Inbox", "Key", "Lease", "Ledger", "LedgerError",
    "Record", "Standing", "Waiting", "open_ledger",
]  # fmt: skip
