"""What an institution applies for before a platform lets it in: application forms, filled from the settings."""

from dataclasses import dataclass
from typing import Literal

State = Literal["filled", "missing", "awaited", "optional", "elsewhere"]
"""awaited: the platform fills it in. elsewhere: this account cannot know, the other environment's may."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of one form. `line`: of a table, from 1. `key`: the setting that fills it. Secrets are not shown."""

    section: str
    form: str
    field: str
    value: str | None
    state: State
    key: str
    line: int | None = None
    note: str = ""
