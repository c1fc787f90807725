"""Faults that only this platform knows."""

from typing import Any

from aiohttp import web

from gateway.simulation import Fault, FaultKind, Handler, NoOptions, json_answer
from workers.gd_driving.simulator.replies import MEANINGS


class CodeOptions(NoOptions):
    """Any errorcode, also one the document does not list, as number or text; `message`: else its meaning."""

    code: int | str
    message: str | None = None
    data: Any = None


def kinds() -> dict[str, FaultKind]:
    """code: the call is answered with a given errorcode, without being looked at."""
    return {"code": FaultKind(_code, CodeOptions)}


async def _code(_request: web.Request, fault: Fault, _go_on: Handler) -> web.StreamResponse:
    code, message = fault.options.code, fault.options.message
    meaning = MEANINGS.get(str(code), "") if message is None else message
    return json_answer({"errorcode": code, "message": meaning, "data": fault.options.data}, str(code))
