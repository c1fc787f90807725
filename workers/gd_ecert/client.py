"""Calling services through the provincial gateway, and reading what comes back."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from typing import Any

import aiohttp

from gateway.classify import by_code
from gateway.outcome import Accepted, Answer, Category, Code, Dead, Ending, Retry, Verdict
from gateway.platform import Context
from gateway.transport import AnswerLostError, Reply, exchange, refused_by_http, retry_after, session
from workers.gd_ecert.auth import Clock, signing
from workers.gd_ecert.calls import Call, prepare
from workers.gd_ecert.codes import CODES, UNKNOWN_CONSUMER, code_text, gateway_code
from workers.gd_ecert.settings import Service, Settings

SUCCESS = Code("成功", Verdict.ACCEPTED)
OTHERS = {
    "rejected": Code("服务拒绝", Verdict.REJECTED),
    "duplicate": Code("重复请求", Verdict.DUPLICATE),
    "retry": Code("服务暂不可用", Verdict.RETRY),
}
"""What the settings of a service can say of its codes: `other_codes`."""


class Client:
    """Calls of one account. `signed` puts the signature on, `plain` (for sites) does not."""

    def __init__(self, settings: Settings, signed: aiohttp.ClientSession, plain: aiohttp.ClientSession) -> None:
        self.settings = settings
        self._signed = signed
        self._plain = plain

    async def ask(self, name: str, query: Mapping[str, str], body: Any) -> Ending:
        """Call a service once, by its name in the settings; an accepted answer carries its whole body as response.

        A lost answer is raised as AnswerLostError also where the service may be asked again.
        Raises NotSentError too.
        """
        call = prepare(self.settings, name, query, body)
        if not isinstance(call, Call):
            return call
        http = self._signed if call.signed else self._plain
        content = None if call.body is None else BytesIO(call.body)  # aiohttp would rather not have megabytes at once
        reply = await exchange(http, call.method, call.url, data=content, headers=call.headers)
        return read(self.settings.services[name], reply)

    def repeatable(self, name: str) -> bool:
        """Whether the service may be asked again after a lost answer."""
        service = self.settings.services.get(name)
        return service is not None and service.repeat == "idempotent"


def read(service: Service, reply: Reply) -> Ending:
    """What an answer means: the gateway's own errors first, then HTTP's, then the service's rule.

    Raises AnswerLostError where the service may have acted and its answer cannot be read.
    """
    return _gateway_said(service, reply) or refused_by_http(reply) or _service_said(service, reply)


def _gateway_said(service: Service, reply: Reply) -> Ending | None:
    code = gateway_code(reply.json)
    if code is None and _consumer_unknown(service, reply):
        code = UNKNOWN_CONSUMER
    if code is None:
        return None
    said = message(reply.json, "message" if code == UNKNOWN_CONSUMER else "errmsg")
    known = CODES.get(code)
    text = ": ".join(filter(None, [known.meaning if known else "", said]))
    ending = by_code(CODES, Answer(code, text))
    return replace(ending, after=retry_after(reply.headers)) if isinstance(ending, Retry) else ending


def _consumer_unknown(service: Service, reply: Reply) -> bool:
    """HTTP 401 {"message": …} to a signed call; a service that says so itself has its own code in the answer."""
    own = code_text(_at(reply.json, service.success_field))
    return reply.status == 401 and service.kind == "service" and own is None  # noqa: PLR2004 - Unauthorized


def _service_said(service: Service, reply: Reply) -> Ending:
    body = reply.json
    code = code_text(_at(body, service.success_field))
    fine = 200 <= reply.status < 300  # noqa: PLR2004 - HTTP's own classes
    if code is None and fine:
        raise AnswerLostError("unreadable-answer")
    ending = (
        None if code is None else by_code(table(service), Answer(code, message(body, service.message_field), body))
    )
    if ending is None or (isinstance(ending, Accepted) and not fine):
        return Dead(f"http-{reply.status}", "an answer that nothing describes", Category.UNKNOWN)
    return ending


def table(service: Service) -> Mapping[str, Code]:
    """The service's codes as its settings say; every other one is unknown."""
    known = {code: OTHERS[verdict] for code, verdict in service.other_codes.items()}
    return known | dict.fromkeys(service.success_values, SUCCESS)


def message(body: Any, field: str) -> str:
    """What an answer says for people: the field's text, else the codes and messages of its errors[]."""
    said = _at(body, field)
    if isinstance(said, str) and said:
        return said
    errors = body.get("errors") if isinstance(body, dict) else None
    return "; ".join(filter(None, map(_error, errors))) if isinstance(errors, list) else ""


def _error(error: Any) -> str:
    values = [error.get(name) for name in ("code", "inner_code", "message")] if isinstance(error, dict) else [error]
    return " ".join(str(value) for value in values if isinstance(value, str | int) and value != "")


def _at(body: Any, field: str) -> Any:
    for name in field.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body


@asynccontextmanager
async def connect(context: Context) -> AsyncIterator[Client]:
    """The client of an account: without paas_id and paas_token nothing that must be signed gets through `prepare`."""
    settings = context.account.settings
    if not isinstance(settings, Settings):
        raise TypeError("these are not the settings of gd_ecert")
    async with connected(settings, Clock()) as client:
        yield client


@asynccontextmanager
async def connected(settings: Settings, clock: Clock) -> AsyncIterator[Client]:
    """A client that takes the time from `clock`."""
    auth: tuple[aiohttp.ClientMiddlewareType, ...] = ()
    if settings.paas_id is not None and settings.paas_token is not None:
        auth = (signing(settings.header_prefix, settings.paas_id, settings.paas_token, clock),)
    async with _session(settings) as plain, _session(settings, middlewares=auth) as signed:
        yield Client(settings, signed, plain)


def _session(settings: Settings, **options: Any) -> aiohttp.ClientSession:
    address = settings.source_address
    return session(
        source_address=str(address) if address else None, timeout_seconds=settings.timeout_seconds, **options
    )
