"""Log events are `noun.participle` with fields: JSON lines for machines, colours on a terminal, masked in both."""

import json
import logging
import sys
from typing import Literal

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway.masking import masked, scrub_personal

IDENTIFIERS = frozenset({"id", "event_id", "trace_id"})
"""Fields that hold an event's or a trace's id: shown, unless somebody made one out of a person's number."""


def configure(form: Literal["auto", "json", "console"] = "auto", level: str = "info") -> None:
    """Send structlog's and the libraries' records to standard error, one line each."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.processors.format_exc_info,
        hide,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: Processor = structlog.dev.ConsoleRenderer() if console else _line
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _libraries(shared, render)


def _line(_: WrappedLogger, __: str, event: EventDict) -> str:
    """One JSON line, also of what is no proper text: a log call must not fail."""
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:
        return json.dumps(event, default=str, skipkeys=True)


def _libraries(shared: list[Processor], render: Processor) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def hide(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A structlog processor: nothing sensitive leaves, whatever a caller passed."""
    known = {key: event.pop(key) for key in IDENTIFIERS & event.keys()}
    hidden: EventDict = masked(event)
    hidden.update({key: None if value is None else scrub_personal(str(value)) for key, value in known.items()})
    return hidden
