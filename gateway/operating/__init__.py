"""What operators do: find, understand, replay, discard, trace, prove. One core for command line and console."""

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
from gateway.operating.operator import Operator

__all__ = [
    "AccountState", "Actor", "AuditRow", "Counts", "DryRun", "Filter", "Group", "Ineligible", "LetterDetail",
    "LetterRow", "Life", "Moment", "Operator", "Run", "RunLetter",
]  # fmt: skip
