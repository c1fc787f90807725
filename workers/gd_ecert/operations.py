"""The call of any configured service, and the licence operations on top of the same mechanism."""

from collections.abc import Callable, Mapping
from typing import Any

from yarl import URL

from gateway.outcome import Accepted, Ending, Unavailable
from gateway.platform import Operation, Repeat
from gateway.steps import Steps
from gateway.transport import AnswerLostError
from schemas.fields import Data
from schemas.gd_ecert import events
from workers.gd_ecert.calls import text
from workers.gd_ecert.client import Client
from workers.gd_ecert.licence import with_data_fields

VIEW_LICENCE = "/license/view_license"
"""The page of the viewer, behind `licence_web_root`."""

Read = Callable[[Client, Mapping[str, Any]], dict[str, Any]]
"""From the body of an accepted answer to the response; raises AnswerLostError where something is missing."""


async def _call_service(client: Client, data: events.ServiceCall, _: Steps) -> Ending:
    """Whether it may be repeated after a lost answer is each service's own setting, so the operation says never."""
    try:
        return await client.ask(data.service, data.query or {}, data.body)
    except AnswerLostError as error:
        if client.repeatable(data.service):
            reason = "no usable answer came from the service, which may be asked again"
            return Unavailable(error.code, reason, lost=True)
        raise


def _licence_operation(name: str, title: str, section: str, model: type[Data], read: Read) -> Operation:
    async def call(client: Client, data: Data, _: Steps) -> Ending:
        query, body = _parameters(client, name, data.model_dump(exclude_none=True))
        ending = await client.ask(name, query, body)
        if not isinstance(ending, Accepted):
            return ending
        return ending.with_response(read(client, ending.response or {}))

    return Operation(
        name=name,
        title=title,
        section=section,
        model=model,
        call=call,
        repeat=Repeat.IDEMPOTENT,  # questions: asked twice they change nothing
        interactive=True,
    )


def _parameters(client: Client, name: str, values: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any] | None]:
    """Query and body: GET puts everything in the query, POST in the body but for `query_fields`."""
    service = client.settings.services.get(name)
    if service is None or service.method == "POST":
        in_query = set() if service is None else values.keys() & set(service.query_fields)
        body = {field: value for field, value in values.items() if field not in in_query}
        return {field: text(values[field]) for field in in_query}, body
    return {field: text(value) for field, value in values.items()}, None


def _authorised(_: Client, body: Mapping[str, Any]) -> dict[str, Any]:
    """data: the licences of this page; auth_codes: a code for each."""
    data, auth_codes = body.get("data"), body.get("auth_codes")
    if not isinstance(data, list | None) or not isinstance(auth_codes, list | None):
        raise AnswerLostError("unreadable-answer")
    return _common(body) | {"data": with_data_fields(data or []), "auth_codes": auth_codes or []}


def _licence(_: Client, body: Mapping[str, Any]) -> dict[str, Any]:
    data = body.get("data")
    if not isinstance(data, dict | list):
        raise AnswerLostError("unreadable-answer")
    return _common(body) | {"data": with_data_fields(data)}


def _archive(_: Client, body: Mapping[str, Any]) -> dict[str, Any]:
    """data.file_name, and data.file_data in base64."""
    data = _named(body, "file_name", "file_data")
    return _common(body) | {"data": data}


def _view_token(client: Client, body: Mapping[str, Any]) -> dict[str, Any]:
    """data.license_access_token, and the address of the viewer where its root is configured."""
    data = _named(body, "license_access_token")
    root = client.settings.licence_web_root
    address = URL(f"{root.rstrip('/')}{VIEW_LICENCE}").update_query(data) if root else None
    return _common(body) | {"data": data, "view_url": str(address) if address else None}


def _common(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body.get(name) for name in ("total_count", "correlation_id", "response_id", "timestamp")}


def _named(body: Mapping[str, Any], *names: str) -> dict[str, str]:
    data = body.get("data")
    found = {name: data.get(name) for name in names} if isinstance(data, dict) else {}
    values = {name: value for name, value in found.items() if isinstance(value, str) and value}
    if len(values) < len(names):
        raise AnswerLostError("unreadable-answer")
    return values


_ALL = (
    Operation(
        name="service-call",
        title="调用网关服务",
        section="3.3",
        model=events.ServiceCall,
        call=_call_service,
        repeat=Repeat.NEVER,
    ),
    _licence_operation("licence-auth", "依职能用证", "license-app/v1 /license/auth", events.LicenceAuth, _authorised),
    _licence_operation(
        "licence-get", "获取证照数据", "license-app/v1 /license/get_license", events.LicenceGet, _licence
    ),
    _licence_operation(
        "licence-archive", "获取证照文件", "license-app/v1 /license/archive", events.LicenceArchive, _archive
    ),
    _licence_operation(
        "licence-token", "获取证照查看令牌", "license-app/v1 /license/token", events.LicenceToken, _view_token
    ),
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
