"""Events to record in a ledger, a call to keep there, and how a test asks for them."""

from typing import Any

from gateway.account import Account, AccountSettings
from gateway.ledger import Call, Key, Ledger, Record

KEY = Key("toy_land", "default", "/school", "e-1")
ACCOUNT = Account("toy_land", "default", AccountSettings())
OTHER = Account("toy_land", "second", AccountSettings())
ACCEPTED = Record(
    key=KEY,
    operation="credit-sync",
    outcome="accepted",
    category=None,
    code="200",
    message="调用成功",
    duplicate=False,
    attempts=1,
    response=None,
    first_seen="2026-03-01T08:00:00.000+00:00",
    updated_at="2026-03-01T08:00:01.000+00:00",
)
CALL = Call("id-1", "toy_land", "default", "toy_land.toy-came", b'{"name": "a-private-matter"}')


def record(key: Key = KEY, **changed: Any) -> Record:
    """An accepted event, but for what is changed."""
    return ACCEPTED._replace(key=key, **changed)


def event(name: str | int, **changed: Any) -> Record:
    """The same for an event of this id."""
    return record(KEY._replace(id=f"e-{name}"), **changed)


async def found(ledger: Ledger, key: Key = KEY) -> Record | None:
    """What the ledger has of an event."""
    return (await ledger.look(key, None)).record
