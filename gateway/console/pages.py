"""Rendering: the templates, and how times and names are shown. Everything is escaped unless made here."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from gateway.console import words
from gateway.console.words import Words

BEIJING = timezone(timedelta(hours=8))
"""The platforms' time, and that of everybody who works with them."""

LANGUAGES = ("both", "en", "zh")
_UNITS = ((86400, "d", "天"), (3600, "h", "小时"), (60, "min", "分"), (1, "s", "秒"))


class Pages:
    """The console's templates."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=PackageLoader("gateway.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {"moment": moment, "ago": ago, "pretty": pretty, "shown": shown, "span": span}
        self._templates.globals |= {"t": both, "named": named, "words": words}

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """The text of a page or of a part of one."""
        return self._templates.get_template(template).render(**values)


def both(en: str, zh: str) -> Markup:
    """A text in both languages; the page shows what its reader chose."""
    return Markup('<span class="en" lang="en">{}</span> <span class="zh" lang="zh-CN">{}</span>').format(en, zh)


def named(table: Mapping[str, Words], key: str | None) -> Markup:
    """What a key of one of the tables is called; a key that is not in it is shown as it is."""
    found = table.get(key or "")
    return both(found.en, found.zh) if found else escape(key or "–")


def moment(text: str | None) -> Markup:
    """A time as the ledger writes it, in Beijing time."""
    at = _parsed(text)
    if at is None:
        return escape(text or "–")
    shown = at.astimezone(BEIJING)
    return Markup('<time datetime="{}">{}</time>').format(text, shown.strftime("%m-%d %H:%M:%S"))


def ago(text: str | None, now: datetime | None = None) -> Markup:
    """How long ago that was."""
    at = _parsed(text)
    return span(max(0.0, ((now or datetime.now(UTC)) - at).total_seconds()) if at else None)


def span(seconds: float | None) -> Markup:
    """A time span in its largest unit, rounded down."""
    if seconds is None:
        return escape("–")
    size, en, zh = next((unit for unit in _UNITS if seconds >= unit[0]), _UNITS[-1])
    number = int(seconds // size)
    return Markup('<span class="en">{0} {1}</span><span class="zh solo" lang="zh-CN">{0} {2}</span>').format(
        number, en, zh
    )


def shown(value: Any) -> str:
    """A value of a filter, or of what an act was done on, on one line."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {shown(item)}" for name, item in value.items() if item not in (None, [], {}))
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def pretty(value: Any) -> str:
    """JSON to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _parsed(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
