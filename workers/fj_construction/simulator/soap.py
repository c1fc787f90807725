"""Requests and answers in the envelope of 接口示例."""

import json
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from aiohttp import web

from gateway.simulation import CODE

BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


def parameters(content: bytes) -> dict[str, Any]:
    """What the method is called with: a text, or the JSON in it. ValueError for anything else."""
    try:
        body = ET.fromstring(content).find(BODY)  # noqa: S314 - reads what the gateway's own tests send
    except ET.ParseError as error:
        raise ValueError(str(error)) from None
    method = next(iter(body), None) if body is not None else None
    if method is None:
        raise ValueError("no method in the body")
    return {each.tag: _value(each.text or "") for each in method}


def _value(text: str) -> Any:
    try:
        return json.loads(text) if text.startswith(("{", "[")) else text
    except json.JSONDecodeError:
        return text


def answer(body: Any, code: str) -> web.Response:
    """The answer as JSON text in an envelope."""
    text = escape(json.dumps(body, ensure_ascii=False))
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<ns1:response xmlns:ns1="http://tempuri.org/"><return>{text}</return></ns1:response>'
        "</soapenv:Body></soapenv:Envelope>"
    )
    response = web.Response(body=content.encode(), content_type="text/xml", charset="utf-8")
    response[CODE] = code
    return response
