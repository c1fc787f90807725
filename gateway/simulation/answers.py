"""How a simulator answers, and how it reads what its control routes are sent."""

from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)

CODE = web.ResponseKey("answer_code", str)
"""A response carries the platform's own code here; without it the record says `http-<status>`."""


def code_of(response: web.StreamResponse) -> str:
    """What records and counters call this response."""
    code: str = response.get(CODE, f"http-{response.status}")
    return code


def json_answer(body: Any, code: str, *, status: int = 200) -> web.Response:
    """A JSON response that records and counters call `code`."""
    response = web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
    response[CODE] = str(code)  # a plain text, whatever enumeration it comes from
    return response


async def control_input(request: web.Request, model: type[M]) -> M:
    """The JSON of a control request as `model`; a 400 that says what is wrong otherwise."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise bad_control(reasons(error)) from None


def reasons(error: ValidationError) -> str:
    """`field: what is wrong`, for each field."""
    found = ((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors())
    return "; ".join(f"{where}: {what}" if where else what for where, what in found)


def bad_control(reason: str) -> web.HTTPBadRequest:
    """The 400 for control input that cannot be meant."""
    return web.HTTPBadRequest(text=orjson.dumps({"error": reason}).decode(), content_type="application/json")
