"""Which dead letters a page speaks of: the fields of its address or form, read into a filter. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from gateway.errors import RefusedError
from gateway.operating import Filter

TEXTS = ("account", "operation", "category", "code", "text", "cause", "event_id")
HOURS = ("older_hours", "newer_hours")
FIELDS = ("ids", *TEXTS, *HOURS, "attempts")
LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, as it was written, so that a page can show it again and pass it on."""

    fields: Mapping[str, str]

    @property
    def query(self) -> str:
        """For an address."""
        return urlencode(self.fields)

    def but(self, **changed: str | None) -> str:
        """The query with some fields changed."""
        both = {**self.fields, **changed}
        return urlencode({name: value for name, value in both.items() if value})

    def get(self, name: str) -> str:
        """One field, empty where it was not given."""
        return self.fields.get(name, "")

    def filter(self, asked_ago: float = 0) -> Filter:
        """The letters meant. `asked_ago`: only those that were dead so many seconds ago. Raises RefusedError."""
        older = max(self._hours("older_hours") or 0.0, asked_ago)
        texts = {name: self.fields.get(name) for name in TEXTS}
        attempts = self._number("attempts")
        return Filter(
            ids=tuple(self.get("ids").replace(",", " ").split()),
            older_than=older or None,
            newer_than=self._hours("newer_hours"),
            attempts=None if attempts is None else int(attempts),
            **texts,
        )

    def _hours(self, name: str) -> float | None:
        number = self._number(name)
        return None if number is None else number * 3600

    def _number(self, name: str) -> float | None:
        text = self.fields.get(name)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            number = -1
        if not 0 <= number < 1e6:  # noqa: PLR2004 - a century of hours
            raise RefusedError(f"{name.replace('_', ' ')}: must be a number, 0 or more, not {text[:20]!r}")
        return number


def asked(given: Mapping[str, object]) -> Asked:
    """The fields of an address or a form; empty ones count as not given."""
    found = {name: str(given.get(name, "")).strip()[:LONGEST] for name in FIELDS}
    return Asked({name: value for name, value in found.items() if value})
