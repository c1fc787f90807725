"""`gateway check`: what is wrong before it hurts, and what an application to a platform still lacks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import FAILED, Config, Json, chosen, configured, run_async, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.account import Account
    from gateway.doctor import Finding

Names = Annotated[list[str] | None, typer.Argument(metavar="[PLATFORM[.ACCOUNT]]…", help="else all")]
Login = Annotated[bool, typer.Option("--login", help="try the credentials too, by one login for each account")]

COLOURS = {"good": "green", "note": "blue", "warning": "yellow", "bad": "red", "not checked": "white"}


def check(names: Names = None, login: Login = False, config: Config = None, as_json: Json = False) -> None:
    """Configuration, broker, ledger, the way to each platform, each finding with its remedy; exit 1 when one is bad.

    For a platform with application forms 申请表 the forms follow, filled from the settings, with what is missing.
    """
    from gateway import log
    from gateway.doctor import examine

    log.configure(level="error")  # standard output is for the findings
    settings, accounts = configured(config)
    meant = chosen(accounts, names) if names else accounts
    findings: list[Finding] = run_async(examine(settings, meant, login=login))
    forms = [row for account in meant for row in _forms(account)]
    if as_json:
        show("", [*(finding.row() for finding in findings), *forms], as_json, ())
    else:
        _tell(findings)
        if forms:
            show("application forms 申请表", forms, as_json, ("section", "state", "field", "value", "setting"))
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(FAILED)


def _tell(findings: "Sequence[Finding]") -> None:
    """A finding a line, and its remedy below it: whole sentences, that a table would cut."""
    for finding in findings:
        state = typer.style(f"{finding.state:<12}", fg=COLOURS[finding.state])
        typer.echo(f"{state}{' '.join(filter(None, (finding.account, finding.what)))}: {finding.found}")
        if finding.remedy:
            typer.echo(f"{'':<12}→ {finding.remedy}")


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
