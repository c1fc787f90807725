"""`gateway check`: what is wrong before it hurts, and what an application to a platform still lacks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, chosen, configured, run_async, show

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from gateway.account import Account
    from gateway.settings import Settings

Names = Annotated[list[str] | None, typer.Argument(metavar="[PLATFORM[.ACCOUNT]]…", help="else all")]


def check(names: Names = None, config: Config = None, as_json: Json = False) -> None:
    """Configuration, broker, topology and ledger, each with its remedy; exit 1 when one is wrong.

    For a platform with application forms 申请表 the forms follow, filled from the settings, with what is missing.
    """
    settings, accounts = configured(config)
    meant = chosen(accounts, names) if names else accounts
    findings = [
        {"what": "configuration", "state": "good", "remedy": f"{len(accounts)} account(s)"},
        *run_async(_findings(settings, meant)),
    ]
    forms = [row for account in meant for row in _forms(account)]
    if as_json:
        show("", [*findings, *forms], as_json, ())
    else:
        show("check", findings, as_json, ("what", "state", "remedy"))
        if forms:
            show("application forms 申请表", forms, as_json, ("section", "state", "field", "value", "setting"))
    if any(finding["state"] != "good" for finding in findings):
        raise typer.Exit(FAILED)


async def _findings(settings: "Settings", accounts: "Sequence[Account]") -> list[dict[str, str]]:
    return [
        await _finding("broker", _topology(settings, accounts), "see broker.url; gateway topology declare"),
        await _finding("ledger", _ledger(settings, accounts), "see ledger.url; gateway resume for a stopped account"),
    ]


async def _finding(what: str, look: "Awaitable[list[str]]", remedy: str) -> dict[str, str]:
    from gateway.errors import UnavailableError
    from gateway.ledger import LedgerError

    try:
        wrong = await look
    except LedgerError as error:
        wrong, remedy = [error.wrong], error.remedy or remedy
    except UnavailableError as error:
        wrong = [str(error)]
    return {"what": what, "state": "; ".join(wrong) or "good", "remedy": remedy if wrong else ""}


async def _topology(settings: "Settings", accounts: "Sequence[Account]") -> list[str]:
    from gateway.broker import connect
    from gateway.cli.topology import expected
    from gateway.declare import check as drift

    async with connect(settings.broker, "gateway check") as connection:
        found = await drift(connection, settings.broker, *expected(settings, accounts))
    return [f"{name}: {what}" for name, wrong in found.items() for what in wrong]


async def _ledger(settings: "Settings", accounts: "Sequence[Account]") -> list[str]:
    from gateway.ledger import open_ledger

    async with open_ledger(settings.ledger.url) as ledger:
        await ledger.check()
        halted = [(account, await ledger.halted(account)) for account in accounts]
    return [f"{account} is stopped: {reason[0]} {reason[1]}" for account, reason in halted if reason]


def _forms(account: "Account") -> list[dict[str, Any]]:
    from gateway.platform import load

    return [
        {
            "account": str(account),
            "section": entry.section,
            "form": entry.form,
            "line": entry.line,
            "field": entry.field,
            "value": entry.value,
            "state": entry.state,
            "setting": entry.key,
            "note": entry.note,
        }
        for entry in load(account.platform).onboarding(account.settings)
    ]
