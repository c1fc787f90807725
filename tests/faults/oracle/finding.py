"""A breach of what must be true."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: its kind, the event it is about (None for the whole run), what was seen, what else to look at."""

    kind: str
    event: str | None
    text: str
    beside: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.event or 'the run'} {self.text}"
