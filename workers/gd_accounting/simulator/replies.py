"""The answer of every endpoint: 输出参数."""

from typing import Any

from aiohttp import web

from gateway.simulation import json_answer


def reply(code: str, message: str, data: Any = None) -> web.Response:
    """HTTP 200 whatever the code: the body decides."""
    return json_answer({"status": code, "msg": message, "data": data}, code)
