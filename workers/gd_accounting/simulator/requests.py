"""Reading a request: parameters from the query, a JSON or a form body, and the token from its header."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from aiohttp import web

from workers.gd_accounting.simulator.codes import Code, Refused

FORM = "application/x-www-form-urlencoded"


def is_typed(request: web.Request) -> bool:
    """Whether the parameters come as JSON, which tells numbers from text; query and form do not."""
    return request.method == "POST" and request.content_type != FORM


async def parameters(request: web.Request) -> Mapping[str, Any]:
    """GET: the query. POST: the body, as a form if it says so, else as JSON: the document names no type."""
    if request.method == "GET":
        return request.query
    try:
        body = (await request.read()).decode()
    except UnicodeDecodeError:
        raise Refused(Code.MALFORMED, "请求体不是 UTF-8") from None
    return dict(parse_qsl(body, keep_blank_values=True)) if request.content_type == FORM else _json_object(body)


def _json_object(body: str) -> dict[str, Any]:
    """The object in the body; an empty body is an object without members, so what is missing gets named."""
    try:
        sent = json.loads(body or "{}", parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        raise Refused(Code.MALFORMED, "请求体不是 JSON") from None
    if not isinstance(sent, dict):
        raise Refused(Code.MALFORMED, "请求体不是 JSON 对象")
    return sent


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def bearer(request: web.Request) -> str | None:
    """The token of `Authorization: Bearer {token}`; None where the header or the word Bearer is missing."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
