"""Our own credentials at a platform: until when its certificates hold, and on request whether a login works."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from gateway import platform
from gateway.account import Account
from gateway.broker import connect
from gateway.doctor.finding import Finding
from gateway.errors import UnavailableError
from gateway.lease import HANDOVER_SECONDS, Lease
from gateway.ledger import Ledger, open_ledger
from gateway.masking import scrub
from gateway.outcome import Ending, Stopped
from gateway.platform import Certificate, Context
from gateway.settings import Settings
from gateway.token import LoginFailedError
from gateway.topology import Names

EXPIRES_SOON_DAYS = 30
"""A new one is applied for at an authority, and reported to the platform."""


def certificates(account: Account) -> list[Finding]:
    """A finding for each certificate that the account's settings carry."""
    found = platform.load(account.platform).certificates(account.settings)
    return [judge_certificate(str(account), certificate, datetime.now(UTC)) for certificate in found]


def judge_certificate(account: str, certificate: Certificate, now: datetime) -> Finding:
    """By the days that are left."""
    days = (certificate.ends - now).days
    remedy = "apply for a new certificate 证书续期, and put it where the setting points"
    if certificate.ends <= now:
        found = f"{certificate.key} ended on {certificate.ends:%Y-%m-%d}"
        return Finding("certificate", "bad", found, remedy, account)
    found = f"{certificate.key} ends on {certificate.ends:%Y-%m-%d}, in {days} days"
    if days < EXPIRES_SOON_DAYS:
        return Finding("certificate", "warning", found, remedy, account)
    return Finding("certificate", "good", found, account=account)


async def logins(settings: Settings, accounts: Sequence[Account]) -> list[Finding]:
    """One login for each account that no worker holds. A login kills the token of who is logged in."""
    found: list[Finding] = []
    try:
        async with open_ledger(settings.ledger.url) as ledger:
            for account in accounts:
                found.append(await _login(settings, ledger, account))
    except UnavailableError as error:
        found.append(Finding("login", "not checked", str(error), "without broker and ledger nobody logs in"))
    return found


async def _login(settings: Settings, ledger: Ledger, account: Account) -> Finding:
    """As a worker would: under the account's lease, the new token kept for the next one."""
    name = str(account)
    log_in = platform.load(account.platform).login
    if log_in is None:
        return Finding("login", "good", "the platform has none: every request is signed", account=name)
    if halt := await ledger.halted(account):
        remedy = f"never twice with a refused password: mend it, then gateway resume {name} 恢复"
        return Finding("login", "not checked", f"the account is stopped: {halt[0]}", remedy, name)
    async with connect(settings.broker, f"gateway check {name}") as connection:
        if await Lease.take(connection, Names(account.platform, account.name).queue("lease")):
            return await _under_lease(ledger, account, log_in)
    remedy = "its worker's metric gateway_token_state says how its token is 令牌; or stop the workers first"
    found = "a worker holds the account, and a login of ours would kill its token"
    return Finding("login", "not checked", found, remedy, name)


async def _under_lease(ledger: Ledger, account: Account, log_in: Callable[[Context], Awaitable[None]]) -> Finding:
    term = await ledger.take(account)
    try:
        if not term.clean:  # whoever left without a word may still believe in its lease
            await asyncio.sleep(HANDOVER_SECONDS)
        await log_in(Context(account, ledger.tokens(account)))
    except LoginFailedError as error:
        return await _failed(ledger, account, error.ending)
    finally:
        await ledger.give_up(account, term.epoch)
    return Finding("login", "good", "one login worked; its token is kept for the next worker", account=str(account))


async def _failed(ledger: Ledger, account: Account, ending: Ending) -> Finding:
    """A refusal stops the account, for a platform locks it after too many."""
    code, said = getattr(ending, "code", None), scrub(getattr(ending, "message", ""), account.secrets())
    if isinstance(ending, Stopped):
        await ledger.halt(account, code, said)
        remedy = f"the account is stopped now: mend the credentials 凭据, then gateway resume {account}"
        return Finding("login", "bad", f"refused: {code} {said}", remedy, str(account))
    remedy = "the platform's trouble or the way to it: try again later 稍后再试"
    return Finding("login", "bad", f"did not get through: {code} {said}", remedy, str(account))
