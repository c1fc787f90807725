"""The services and sites behind the simulated gateway. Which paths the real ones have is not public."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from gateway.simulation import json_answer
from workers.gd_ecert.simulator.licences import Failure, Licences, answer, refusal

LICENCE_PASSID = "dzzz_convergence-service"  # 3.4, last table, 用证
IDENTIFIERS: dict[str, tuple[str, str]] = {
    "system_id": ("header", "demo-system"),
    "vender_id": ("header", "demo-vender"),
    "department_id": ("query", "demo-department"),
    "serviceid": ("query", "demo-service"),
}
"""What the licence services want, and where: an invention, for the guide does not say."""


@dataclass(frozen=True)
class Sent:
    """A request, read: parameters of query and body, and its headers."""

    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]

    def identifiers_missing(self) -> list[str]:
        """Which of the assigned identifiers do not stand where they should."""
        places: dict[str, Mapping[str, str]] = {"header": self.headers, "query": self.query}
        return [name for name, (place, value) in IDENTIFIERS.items() if places[place].get(name) != value]


async def sent(request: web.Request) -> Sent:
    """Read a request; a body that is neither JSON nor a form counts as none."""
    raw = await request.read()
    if request.content_type == "application/x-www-form-urlencoded":
        return Sent(request.query, dict(parse_qsl(raw.decode(), keep_blank_values=True)), request.headers)
    try:
        return Sent(request.query, json.loads(raw) if raw else None, request.headers)
    except ValueError:
        return Sent(request.query, None, request.headers)


@dataclass
class Services:
    """Everything that is published, by path behind the passid."""

    own_passid: str
    licences: Licences
    cases: dict[str, Any] = field(default_factory=dict)

    def reset(self) -> None:
        """Nothing was ever submitted."""
        self.cases.clear()
        self.licences.reset()

    def find(self, passid: str, path: str) -> Callable[[Sent], web.Response] | None:
        """The service of this address, or None."""
        if passid == LICENCE_PASSID and path in self._licence_calls():
            return lambda asked: self._licence(path, asked)
        return {"case/submit": self._submit}.get(path) if passid == self.own_passid else None

    def _licence_calls(self) -> dict[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]]:
        return {
            "license/auth": ("body", self.licences.auth),
            "license/get_license": ("query", self.licences.get),
            "license/archive": ("query", self.licences.archive),
            "license/token": ("query", self.licences.token),
        }

    def _licence(self, path: str, asked: Sent) -> web.Response:
        place, call = self._licence_calls()[path]
        values = asked.query if place == "query" else asked.body
        if missing := asked.identifiers_missing():
            return json_answer(refusal(Failure("1000", f"缺少参数: {', '.join(missing)}")), "FAILURE")
        try:
            return json_answer(answer(call(values if isinstance(values, Mapping) else {})), "SUCCESS")
        except Failure as failed:
            return json_answer(refusal(failed), "FAILURE")

    def _submit(self, asked: Sent) -> web.Response:
        """A business service that somebody published: its codes are its own, 0 as a number among them."""
        number = asked.body.get("caseNo") if isinstance(asked.body, dict) else None
        if not isinstance(number, str) or not number:
            return _said("BIS:10500", "caseNo 不能为空")
        if number in self.cases:
            return _said("BIS:10409", "重复提交")
        self.cases[number] = asked.body
        return _said(0, "ok", {"caseNo": number, "accepted": True})


def notices() -> web.Response:
    """A site, which anybody may read."""
    return _said("0", "ok", [{"title": "系统维护公告"}])


def _said(code: str | int, message: str, data: Any = None) -> web.Response:
    return json_answer({"errcode": code, "errmsg": message, "data": data}, str(code))
