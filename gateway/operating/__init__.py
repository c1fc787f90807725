"""What operators do: find, understand, replay, discard, trace, prove. One core for command line and console."""

from typing import TYPE_CHECKING, Any

from gateway.operating.model import (
    AccountState,
    Actor,
    AuditRow,
    Counts,
    DryRun,
    Filter,
    Group,
    Ineligible,
    LetterDetail,
    LetterRow,
    Life,
    Moment,
    Run,
    RunLetter,
)

if TYPE_CHECKING:
    from gateway.operating.operator import Operator

__all__ = [
    "AccountState", "Actor", "AuditRow", "Counts", "DryRun", "Filter", "Group", "Ineligible", "LetterDetail",
    "LetterRow", "Life", "Moment", "Operator", "Run", "RunLetter",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """The door itself only where it is opened: who traces an event needs no broker."""
    if name != "Operator":
        raise AttributeError(name)
    from gateway.operating.operator import Operator  # noqa: PLC0415 - see above

    return Operator
