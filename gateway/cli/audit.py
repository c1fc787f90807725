"""The audit: who did what, when and why."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.common import Config, Json, show
from gateway.cli.operators import acting

if TYPE_CHECKING:
    from gateway.operating import Operator

COLUMNS = ("number", "at", "actor", "act", "run", "result", "reason", "target")


def audit(
    run: Annotated[str | None, typer.Option(help="only of this run")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many lines")] = 200,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Every writing act of operators 操作记录, latest first: who, when, why, on what, with what result."""

    async def work(operator: "Operator") -> list[dict[str, Any]]:
        rows = [asdict(row) for row in await operator.audit(limit, run)]
        return [{**row, "run": row["target"].get("run")} for row in rows]

    show("audit", acting(config, None, work), as_json, COLUMNS)
