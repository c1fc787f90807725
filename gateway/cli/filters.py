"""The options that say which dead letters are meant: the same for every command that takes some."""

import inspect
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.errors import RefusedError

if TYPE_CHECKING:
    from gateway.operating import Filter

AGE = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

OPTIONS: dict[str, Any] = {
    "ids": Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="of letters or events")],
    "account": Annotated[str | None, typer.Option("--account", help="PLATFORM or PLATFORM.ACCOUNT; else all")],
    "operation": Annotated[str | None, typer.Option("--operation", help="for example credit-sync")],
    "category": Annotated[
        str | None, typer.Option("--category", help="invalid, rejected, exhausted, uncertain, unknown or held")
    ],
    "code": Annotated[str | None, typer.Option("--code", help="the platform's code 返回码")],
    "text": Annotated[str | None, typer.Option("--text", help="a part of the reason 原因")],
    "cause": Annotated[str | None, typer.Option("--cause", help="a cause as --group shows it")],
    "lane": Annotated[str | None, typer.Option("--lane", help="the lane's hash, as `dead show` has it")],
    "event_id": Annotated[str | None, typer.Option("--event", help="the event's id")],
    "older_than": Annotated[str | None, typer.Option("--older-than", metavar="AGE", help="as 30m, 12h or 7d")],
    "newer_than": Annotated[str | None, typer.Option("--newer-than", metavar="AGE", help="as 30m, 12h or 7d")],
    "attempts": Annotated[int | None, typer.Option("--attempts", min=0, help="at least so many")],
}


def filtered(*, ids: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A command whose first parameter is a Filter gets these options instead; without `ids` all but the names."""
    names = [name for name in OPTIONS if ids or name != "ids"]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def run(**given: Any) -> None:
            command(_filter({name: given.pop(name) for name in names}), **given)

        kind = inspect.Parameter.KEYWORD_ONLY
        options = [inspect.Parameter(name, kind, default=None, annotation=OPTIONS[name]) for name in names]
        own = list(inspect.signature(command).parameters.values())[1:]
        parameters = [*options, *(parameter.replace(kind=kind) for parameter in own)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        return run

    return decorate


def _filter(given: dict[str, Any]) -> "Filter":
    from gateway.operating import Filter

    ages = {name: seconds_of(given[name]) for name in ("older_than", "newer_than")}
    return Filter(**{**given, **ages, "ids": tuple(given.get("ids") or ())})


def seconds_of(age: str | None) -> float | None:
    """An age like 90s, 30m, 12h or 7d, in seconds. Raises RefusedError."""
    if age is None:
        return None
    found = AGE.fullmatch(age)
    if found is None:
        raise RefusedError(f"{age!r}: an age is a number with s, m, h or d, as in 90s, 30m, 12h, 7d")
    return float(found[1]) * UNITS[found[2]]
