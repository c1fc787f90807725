"""One finding: what was looked at, how it is, what was found, what to do."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["good", "note", "warning", "bad", "not checked"]
"""note: no fault, but worth knowing. bad: it does not work, or will not; only this fails a script."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`account` is None for what all share. `remedy` says what to do, and is empty where nothing is to be done."""

    what: str
    state: State
    found: str
    remedy: str = ""
    account: str | None = None

    def row(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def gathered(what: str, wrong: Iterable[str], good: str, remedy: str, state: State = "bad") -> Finding:
    """`good` where nothing is wrong, else all that is."""
    found = "; ".join(wrong)
    return Finding(what, state, found, remedy) if found else Finding(what, "good", good)
