"""Calls from platforms become events: what the platforms' own handlers get from the core."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import uuid4

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel

from gateway.account import Account
from gateway.broker import Outgoing
from gateway.ledger import Ledger
from gateway.outbox import Outbox
from gateway.topology import INBOUND
from schemas.envelope import CONTENT_TYPE

log = structlog.get_logger()


class PlatformInbound:
    """See gateway.platform.Inbound; one for each platform."""

    def __init__(self, accounts: Iterable[Account], ledger: Ledger, outbox: Outbox) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._ledger = ledger
        self._outbox = outbox

    def account(self, name: str) -> Account:
        """The configured account; raises HTTPNotFound where there is none."""
        if name not in self._accounts:
            raise web.HTTPNotFound(text="no such account is configured\n")
        return self._accounts[name]

    async def publish(self, account: Account, event: str, subject: str | None, data: BaseModel) -> None:
        """Publish `<platform>.<event>`; returns once the broker has it. Raises NotPublishedError."""
        kind = f"{account.platform}.{event}"
        identity = str(uuid4())
        properties = {"content_type": CONTENT_TYPE, "message_id": identity}
        body = _event(account, kind, identity, subject, data)
        await self._outbox.publish(Outgoing(INBOUND, kind, body, properties))
        log.info("inbound.published", id=identity, type=kind, account=account.name)

    async def claim(self, account: Account, scope: str, value: str) -> bool:
        """Take a one-time value; False when it has been taken before."""
        return await self._ledger.claim(account, scope, value)

    async def release(self, account: Account, scope: str, value: str) -> None:
        """Give a value back that was taken for nothing."""
        await self._ledger.release(account, scope, value)


def _event(account: Account, kind: str, identity: str, subject: str | None, data: BaseModel) -> bytes:
    event = {
        "specversion": "1.0",
        "id": identity,
        "source": f"/gateway/{account.platform}/{account.name}",
        "type": kind,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "account": account.name,
        "data": data.model_dump(mode="json"),
    }
    return orjson.dumps(event if subject is None else {**event, "subject": subject})
