"""From a service's settings and an event's parameters to the request, or to why there can be none. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from yarl import URL

from gateway.outcome import Category, Rejected, Stopped
from workers.gd_ecert.settings import Position, Service, Settings

CONTENT_TYPES = {
    "json": "application/json;charset=UTF-8",
    "form": "application/x-www-form-urlencoded;charset=UTF-8",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A request ready to be sent. `signed`: a site is asked without signature."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(repr=False)
    signed: bool


class ImpossibleError(Exception):
    """There is no such call; `ending` says whom that concerns."""

    def __init__(self, ending: Rejected | Stopped) -> None:
        super().__init__(ending.code)
        self.ending = ending


def prepare(settings: Settings, name: str, query: Mapping[str, str], body: Any) -> Call | Rejected | Stopped:
    """The request for a service of this name. Whoever cannot be asked is named by the settings' key."""
    try:
        service = _service(settings, name)
        address = _address(settings, name, service)
        placed = _placed(settings, service)
        headers = dict(placed["header"])
        content = _content(service, _with_identifiers(body, placed["body"], "body"))
        _fits(content, settings)
        if content is not None:
            headers["Content-Type"] = CONTENT_TYPES[service.body_format]
        url = URL(address).update_query(_with_identifiers(dict(query), placed["query"], "query"))
    except ImpossibleError as error:
        return error.ending
    return Call(service.method, str(url), headers, content, signed=service.kind == "service")


def _service(settings: Settings, name: str) -> Service:
    service = settings.services.get(name)
    if service is None or not (service.path or service.gateway_path):
        reason = f"services.{name}.path is not configured for this account 未配置服务路径"
        raise ImpossibleError(Rejected("not-configured", reason, Category.INVALID))
    return service


def _address(settings: Settings, name: str, service: Service) -> str:
    """{网关域名}/ebus/{passid}/原始路径 for services, {网关域名}/{passid}/原始路径 for sites, section 3.3."""
    needed = ["base_url"]
    if service.kind == "service":
        needed += ["paas_id", "paas_token"]
    elif service.path and not service.passid:
        needed += ["paas_id"]
    missing = [key for key in needed if getattr(settings, key) is None]
    if missing:
        reason = f"{', '.join(missing)} must be set before services.{name} can be called 未配置"
        raise ImpossibleError(Stopped("not-configured", reason))
    ebus = "/ebus" if service.kind == "service" else ""
    rule = f"{ebus}/{service.passid or settings.paas_id}/{(service.path or '').lstrip('/')}"
    path = f"/{service.gateway_path.lstrip('/')}" if service.gateway_path else rule
    return f"{(settings.base_url or '').rstrip('/')}{path}"


def _placed(settings: Settings, service: Service) -> dict[Position, dict[str, str]]:
    """The assigned identifiers by where the settings put them, under the names they are sent by."""
    placed: dict[Position, dict[str, str]] = {"header": {}, "query": {}, "body": {}}
    for identifier, position in service.placement.items():
        sent_as = service.names.get(identifier, identifier)
        placed[position][sent_as] = settings.identifier(identifier, service) or ""
    return placed


def _with_identifiers(parameters: Any, placed: Mapping[str, str], where: str) -> Any:
    if not placed:
        return parameters
    if parameters is None:
        return dict(placed)
    if not isinstance(parameters, dict):
        raise _invalid(f"{where}: must be an object, for {', '.join(placed)} is added to it")
    if both := placed.keys() & parameters.keys():
        raise _invalid(f"{where}: {', '.join(sorted(both))} is added by the gateway and must not be given")
    return {**parameters, **placed}


def _content(service: Service, body: Any) -> bytes | None:
    if service.method == "GET" and body is not None:
        raise _invalid("body: this service is asked by GET, which has none")
    if body is None:
        return None
    return orjson.dumps(body) if service.body_format == "json" else urlencode(_form(body)).encode()


def _form(body: Any) -> dict[str, str]:
    if not isinstance(body, dict):
        raise _invalid("body: this service takes a form, so it must be an object")
    if any(isinstance(value, dict | list) or value is None for value in body.values()):
        raise _invalid("body: this service takes a form, so every value must be a text, a number, true or false")
    return {name: text(value) for name, value in body.items()}


def text(value: str | float | bool) -> str:
    """A value as query and form carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _fits(content: bytes | None, settings: Settings) -> None:
    if content is not None and len(content) > settings.body_limit:
        raise ImpossibleError(
            Rejected(
                "body-too-large",
                f"body: has {len(content)} bytes, the gateway takes at most {settings.body_limit} "
                f"({settings.body_limit // 2**20}M) in {settings.environment} 请求包体超限",
                Category.INVALID,
            )
        )


def _invalid(reason: str) -> ImpossibleError:
    return ImpossibleError(Rejected("invalid", reason, Category.INVALID))
