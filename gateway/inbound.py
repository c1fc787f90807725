"""Calls from platforms become events: what the platforms' own handlers get from the core."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel

from gateway.account import Account
from gateway.ledger import Call, Ledger

log = structlog.get_logger()


class PlatformInbound:
    """See gateway.platform.Inbound; one for each platform."""

    def __init__(self, accounts: Iterable[Account], ledger: Ledger) -> None:
        self._accounts = {account.name: account for account in accounts}
        self._ledger = ledger

    def account(self, name: str) -> Account:
        """The configured account; raises HTTPNotFound where there is none."""
        if name not in self._accounts:
            raise web.HTTPNotFound(text="no such account is configured\n")
        return self._accounts[name]

    async def keep(self, account: Account, event: str, subject: str | None, data: BaseModel, once: str) -> bool:
        """Keep the call as event `<platform>.<event>`; False when such a call was kept before, ever."""
        kind = f"{account.platform}.{event}"
        hashed = self._ledger.hashed(once)
        about = _about(account, kind, hashed)
        call = Call(about["id"], account.platform, account.name, kind, _event(about, subject, data))
        fresh = await self._ledger.inbox.take(call, hashed)
        log.info("inbound.kept" if fresh else "inbound.repeated", id=call.id, type=kind, account=account.name)
        return fresh

    async def kept(self, account: Account, event: str, once: str) -> bool:
        """Whether such a call was kept before, ever."""
        kind = f"{account.platform}.{event}"
        return await self._ledger.inbox.taken(kind, account.name, self._ledger.hashed(once))


def _about(account: Account, kind: str, hashed: str) -> dict[str, str]:
    """What identifies the event. The same call always has the same id, which tells nothing of the call."""
    source = f"/gateway/{account.platform}/{account.name}"
    identity = str(uuid5(NAMESPACE_URL, f"{source}/{kind}/{hashed}"))
    return {"specversion": "1.0", "id": identity, "source": source, "type": kind, "account": account.name}


def _event(about: dict[str, str], subject: str | None, data: BaseModel) -> bytes:
    event = {
        **about,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        "data": data.model_dump(mode="json"),
    }
    return orjson.dumps(event if subject is None else {**event, "subject": subject})
