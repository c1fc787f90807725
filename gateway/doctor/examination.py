"""The whole examination, in the order in which a person would look."""

from collections.abc import Sequence

from gateway.account import Account
from gateway.doctor import broker, credentials, ledger, network
from gateway.doctor.finding import Finding
from gateway.settings import Settings


async def examine(settings: Settings, accounts: Sequence[Account], *, login: bool) -> list[Finding]:
    """Every finding. `login`: try the credentials too, with one login for each account."""
    found = [Finding("configuration", "good", f"{len(accounts)} account(s)")]
    found += await broker.examine(settings, accounts)
    found += await ledger.examine(settings.ledger.url, accounts)
    for account in accounts:
        found += await network.examine(account)
        found += credentials.certificates(account)
    if login:
        found += await credentials.logins(settings, accounts)
    return found
