"""Control routes of this platform: what learners and the platform's operators do in reality."""

from datetime import datetime
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, Field

from gateway.simulation import NoOptions, bad_control, control_input, json_answer
from workers.gd_accounting.simulator.codes import Refused
from workers.gd_accounting.simulator.learners import Learner, encoded, signature
from workers.gd_accounting.simulator.state import Platform


def _real_moment(text: str) -> str:
    datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    return text


Moment = Annotated[
    str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}){2} [0-9]{2}(:[0-9]{2}){2}$"), AfterValidator(_real_moment)
]


class Authorize(NoOptions):
    """A learner clicks the institution's link; the flags make getData answer what it should not."""

    ticket: str
    idNum: str  # noqa: N815 - the platform's word
    realName: str  # noqa: N815 - the platform's word
    pqLevel: str | None = None  # noqa: N815 - the platform's word
    year: int | str
    areaCode: str  # noqa: N815 - the platform's word
    app_id: str | None = None
    bad_sign: bool = False
    omit: tuple[Literal["areaCode", "year", "sign"], ...] = ()

    def learner(self) -> Learner:
        """The learner meant."""
        return Learner(self.ticket, self.idNum, self.realName, self.pqLevel, str(self.year), self.areaCode)


class Scan(NoOptions):
    """The learner scans a QR code."""

    uuid: str
    at: Moment | None = None


class Verify(NoOptions):
    """A verification, without a QR code."""

    ticket: str
    courseTypeCode: str  # noqa: N815 - the platform's word
    at: Moment | None = None


class Unlock(NoOptions):
    """The operators unlock one institution, or all."""

    app_id: str | None = None


class Unregistered(NoOptions):
    """From now on exactly these learners and divisions are ones the institutions are not filed for."""

    tickets: frozenset[str] = frozenset()
    divisions: frozenset[str] = frozenset()


class Control:
    """Routes under /_sandbox/ that act on one platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/_sandbox/authorize", self._authorize)
        app.router.add_post("/_sandbox/scan", self._scan)
        app.router.add_post("/_sandbox/verify", self._verify)
        app.router.add_post("/_sandbox/unlock", self._unlock)
        app.router.add_post("/_sandbox/unregistered", self._unregistered)

    async def _authorize(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Authorize)
        learner, secret = wanted.learner(), self._secret(wanted.app_id)
        sign = signature(learner, secret + "-wrong" if wanted.bad_sign else secret)
        self._platform.divisions[learner.ticket] = learner.area_code
        code = self._platform.authorizations.issue(encoded(learner, sign, without=wanted.omit))
        return json_answer({"authorizationCode": code}, "issued")

    def _secret(self, app_id: str | None) -> str:
        institutions = self._platform.accounts.institutions
        if app_id is None:
            return next(iter(institutions.values())).secret
        try:
            return self._platform.accounts.known(app_id).secret
        except Refused:
            raise bad_control(f"app_id: {app_id!r} is none of {', '.join(institutions)}") from None

    async def _scan(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Scan)
        try:
            self._platform.verifications.scan(wanted.uuid, wanted.at)
        except ValueError as error:
            raise bad_control(str(error)) from None
        return json_answer({"verified": True}, "verified")

    async def _verify(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Verify)
        self._platform.verifications.record(wanted.ticket, wanted.courseTypeCode, wanted.at)
        return json_answer({"verified": True}, "verified")

    async def _unlock(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Unlock)
        names = [*self._platform.accounts.institutions] if wanted.app_id is None else [wanted.app_id]
        for name in names:
            self._secret(name)
            self._platform.accounts.unlock(name)
        return json_answer({"unlocked": names}, "unlocked")

    async def _unregistered(self, request: web.Request) -> web.Response:
        wanted = await control_input(request, Unregistered)
        self._platform.unregistered_tickets = set(wanted.tickets)
        self._platform.unregistered_divisions = set(wanted.divisions)
        return json_answer({"tickets": sorted(wanted.tickets), "divisions": sorted(wanted.divisions)}, "set")
