"""The runbook: a heading for every alert and every category, and no command or option that there is not."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from gateway.cli import app
from gateway.outcome import Category

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK = (DEPLOY / "docs" / "runbook.md").read_text(encoding="utf-8")
RULES = DEPLOY / "prometheus" / "rules"
DOCUMENTS = [DEPLOY / "docs" / "runbook.md", DEPLOY / "docs" / "deploying.md"]
ALERTS = {
    "GatewayAccountStopped", "GatewayTokenContested", "GatewayBreakerOpen", "GatewayOldestEventLate",
    "GatewayDeadLettersRising", "GatewayLeaseUnheld", "GatewayResultsUnrouted", "GatewayLedgerDown",
    "GatewayConsumerLost", "GatewayCertificateExpiring", "GatewayUnroutedEvents",
}  # fmt: skip


def sections() -> dict[str, str]:
    """Second-level heading to what stands below it."""
    parts = re.split(r"^#{1,2} (.+)$", RUNBOOK, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def alerts_in_the_rules() -> set[str]:
    text = "".join(file.read_text(encoding="utf-8") for file in RULES.glob("*.yml"))
    return set(re.findall(r"- alert: (\w+)", text))


def test_every_alert_and_every_category_has_a_heading() -> None:
    assert sections().keys() >= ALERTS | {str(category) for category in Category}


@pytest.mark.skipif(not RULES.exists(), reason="the alerting rules are not here")
def test_the_runbook_and_the_rules_name_the_same_alerts() -> None:
    assert alerts_in_the_rules() == {heading for heading in sections() if heading.startswith("Gateway")}


@pytest.mark.parametrize("heading", sorted(ALERTS | {str(category) for category in Category}))
def test_each_says_what_is_seen_what_it_means_what_to_do_and_what_not(heading: str) -> None:
    text = sections()[heading]
    for part in ("**You see**", "**It means**", "**Do**", "**Do not**"):
        assert text.count(part) == 1, part


def commands(document: Path) -> list[list[str]]:
    """Every `gateway …` of the document's shell blocks and inline code, without comments."""
    text = document.read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`(gateway [a-z][^`\n]*)`", text)
    found = [shlex.split(re.split(r"[|<>]", line)[0], comments=True) for line in lines]
    return [words[words.index("gateway") + 1 :] for words in found if "gateway" in words[:1]]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_command_it_names_is_one_and_has_these_options(document: Path) -> None:
    named = commands(document)
    assert len(named) > 5
    for words in named:
        unknown(words)


def unknown(words: list[str]) -> None:
    """Fails for a command or an option that the command line does not know; nothing is run."""
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while hasattr(command, "commands") and rest:
        name = rest.pop(0)
        assert name in command.commands, f"no such command: gateway {' '.join(words)}"
        command = command.commands[name]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in rest if word.startswith("-") and word != "-"}
    assert used <= options | {"--help"}, f"gateway {' '.join(words)}"
