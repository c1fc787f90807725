"""Control routes of this platform: files that are there already, and students who scan a terminal's QR code."""

from secrets import token_hex
from urllib.parse import parse_qsl, urlsplit

import aiohttp
from aiohttp import web

from gateway.simulation import Clock, NoOptions, bad_control, control_input, json_answer
from workers.gd_driving.simulator.state import Platform, Stored
from workers.gd_driving.simulator.tables import FILES

PAGE = "https://jpfw.gdcd.gov.cn/m/c"
LONGEST, VALID_SECONDS = 255, 300
PARAMETERS = ["redirect_uri", "timestamp", "callback"]


class Known(NoOptions):
    """A file that was uploaded some time ago."""

    id: int
    type: str


class Scan(NoOptions):
    """A student scans. `deliver_to`: an address in place of the redirect_uri, which nobody serves in a sandbox."""

    qrcode: str
    stunum: str = "S199015894568549"
    code: str | None = None
    expirationtime: str | None = "2099-11-11 17:00:00"
    deliver_to: str | None = None


class Control:
    """Routes under /_sandbox/ that act on one platform."""

    def __init__(self, platform: Platform, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock

    def install(self, app: web.Application) -> None:
        """Add the routes."""
        app.router.add_post("/_sandbox/files", self._file)
        app.router.add_post("/_sandbox/scan", self._scan)

    async def _file(self, request: web.Request) -> web.Response:
        known = await control_input(request, Known)
        if known.type not in FILES:
            raise bad_control("type: not listed in A.5.3")
        self._platform.add(Stored(known.id, known.type, "", 0, ""))
        return json_answer({"id": known.id}, "stored", status=201)

    async def _scan(self, request: web.Request) -> web.Response:
        """附件一 as the mini program reads it, then 附件二 as the platform calls."""
        scan = await control_input(request, Scan)
        redirect, callback = self._read(scan.qrcode)
        called = {
            "code": scan.code or token_hex(16).upper(),
            "expirationtime": scan.expirationtime,
            "stunum": scan.stunum,
            "callback": callback,
        }
        async with (
            aiohttp.ClientSession() as http,
            http.post(scan.deliver_to or redirect, json=called) as response,
        ):
            answer = await response.json(content_type=None)
            return json_answer({"called": called, "status": response.status, "answer": answer}, "scanned")

    def _read(self, text: str) -> tuple[str, str]:
        page, _, query = text.partition("?")
        items = parse_qsl(query, keep_blank_values=True)
        if page != PAGE or [name for name, _ in items] != PARAMETERS:
            raise bad_control("qrcode: not as 附件一 has it")
        if len(text.encode()) > LONGEST:
            raise bad_control("qrcode: 不得超过255字节")
        (_, redirect), (_, stamp), (_, callback) = items
        target = urlsplit(redirect)
        if target.scheme != "https" or target.query or not (target.hostname or "").rpartition(".")[2].isalpha():
            raise bad_control("qrcode: redirect_uri 必须是 https 和有效域名，不允许有其他参数")
        if not stamp.isdecimal() or not -5 <= self._clock() - int(stamp) <= VALID_SECONDS:  # noqa: PLR2004 - seconds
            raise bad_control("qrcode: 二维码 5 分钟内有效")
        return redirect, callback
