"""Control routes of this platform: what the ministry refuses or warns about."""

from aiohttp import web
from pydantic import Field

from gateway.simulation import NoOptions, control_input, json_answer
from workers.fj_construction.simulator.records import Records


class Messages(NoOptions):
    """By eCertID (or by ID, of files): the message from now on. Without any, the platform says nothing more."""

    guids: dict[str, str] = Field(default_factory=dict)


def install(app: web.Application, records: Records) -> None:
    """Add /_sandbox/refuse and /_sandbox/warn."""

    async def refuse(request: web.Request) -> web.Response:
        return _set(records.refuse, await control_input(request, Messages))

    async def warn(request: web.Request) -> web.Response:
        return _set(records.warn, await control_input(request, Messages))

    app.router.add_post("/_sandbox/refuse", refuse)
    app.router.add_post("/_sandbox/warn", warn)


def _set(kept: dict[str, str], wanted: Messages) -> web.Response:
    kept.clear()
    kept.update(wanted.guids)
    return json_answer({"guids": kept}, "set")
