"""Calling the platform: address, signature, clock, and reading `{errorcode, message, data}`."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from gateway.account import Account
from gateway.classify import by_code
from gateway.outcome import Accepted, Answer, Category, Dead, Ending
from gateway.platform import Context
from gateway.transport import AnswerLostError, Reply, exchange, refused_by_http, session
from workers.gd_driving.codes import CLOCK_REFUSED, CODES
from workers.gd_driving.content import SUFFIXES, format_of
from workers.gd_driving.settings import Settings
from workers.gd_driving.signing import Identity, digest, load_identity, sign
from workers.gd_driving.timestamps import Stamp, Timestamps, of_certificate

JSON_TYPE = "application/json;charset=UTF-8"

Request = Callable[[], dict[str, Any]]
"""Makes aiohttp's words for one request, anew for each attempt: a form can be sent only once."""


class Client:
    """Signed calls of one account. `files` fetches what events refer to, unsigned and from elsewhere."""

    def __init__(
        self,
        account: Account,
        settings: Settings,
        identity: Identity,
        timestamps: Timestamps,
        http: aiohttp.ClientSession,
        files: aiohttp.ClientSession,
    ) -> None:
        self.account = account
        self.settings = settings
        self.files = files
        self._identity = identity
        self._timestamps = timestamps
        self._http = http

    async def submit(self, service: str, body: bytes) -> Ending:
        """POST a JSON body; exactly these bytes are signed and sent.

        An accepted answer carries the document's `data` as response, under that name.
        Raises NotSentError, AnswerLostError.
        """
        return await self._ask(service, body, lambda: {"data": body, "headers": {"Content-Type": JSON_TYPE}})

    async def upload(self, file_type: str, content: bytes) -> Ending:
        """A.5.3 imageup: the signature is over the file's own bytes, not over the form around them.

        An accepted answer carries the file's `id` as response. Raises NotSentError, AnswerLostError.
        """

        def request() -> dict[str, Any]:
            form = aiohttp.FormData()
            name = f"{file_type}.{SUFFIXES.get(format_of(content), 'dat')}"
            form.add_field("file", BytesIO(content), filename=name, content_type="application/octet-stream")
            return {"data": form}

        ending = await self._ask(f"imageup/{file_type}", content, request)
        if isinstance(ending, Accepted):
            return Accepted(ending.code, ending.message, {"id": _file_id(ending)})
        return ending

    async def _ask(self, service: str, signed: bytes, request: Request) -> Ending:
        """One attempt. Where the platform refuses the timestamp it has not looked further: the clock is
        corrected, and a fresh timestamp and signature go out once."""
        stamp, reply = await self._send(service, signed, request)
        if _errorcode(reply) == CLOCK_REFUSED:
            self._timestamps.correct(stamp, _date(reply.headers))
            _, reply = await self._send(service, signed, request)
        return refused_by_http(reply) or _read(reply)

    async def _send(self, service: str, signed: bytes, request: Request) -> tuple[Stamp, Reply]:
        """The only place that stamps and signs; nothing is sent but through here."""
        settings, stamp = self.settings, self._timestamps.next()
        query = {
            "v": settings.protocol_version,
            "ts": str(stamp.milliseconds),
            "sign": sign(self._identity, digest(settings.protocol_version, signed, stamp.milliseconds)),
            "user": self._identity.user,
            **settings.extra_query,
        }
        url = URL(f"{settings.base_url.rstrip('/')}/{service}?{urlencode(query)}", encoded=True)
        return stamp, await exchange(self._http, "POST", str(url), **request())


@asynccontextmanager
async def connect(context: Context) -> AsyncIterator[Client]:
    """The client of an account that holds its lease. There is no login: every call is signed."""
    settings = context.account.settings
    if not isinstance(settings, Settings):
        raise TypeError("these are not the settings of gd_driving")
    identity = load_identity(settings.certificate_file, settings.certificate_password.get_secret_value())
    address = str(settings.source_address) if settings.source_address else None
    async with (
        session(source_address=address, timeout_seconds=settings.timeout_seconds) as http,
        session(source_address=None, timeout_seconds=settings.timeout_seconds) as files,
    ):
        yield Client(context.account, settings, identity, of_certificate(identity.user), http, files)


def _read(reply: Reply) -> Ending:
    code, body = _errorcode(reply), reply.json
    if code is None:
        if reply.status == 200:  # noqa: PLR2004 - HTTP's own OK
            raise AnswerLostError("unreadable-answer")
        return Dead(f"http-{reply.status}", "an answer that the document does not describe", Category.UNKNOWN)
    message = body.get("message")
    return by_code(CODES, Answer(code, message if isinstance(message, str) else "", {"data": body.get("data")}))


def _errorcode(reply: Reply) -> str | None:
    """The code as text, whether it came as a number or as text; None where the answer has none."""
    body = reply.json
    code = body.get("errorcode") if isinstance(body, dict) else None
    if isinstance(code, bool) or not isinstance(code, int | str):
        return None
    return str(code).strip() or None


def _file_id(ending: Accepted) -> int:
    """data.id: 成功上传的文件 ID, a number of at most 16 digits; its digits as text are tolerated."""
    data = (ending.response or {}).get("data")
    given: Any = data.get("id") if isinstance(data, Mapping) else data
    if isinstance(given, bool) or not str(given).isdecimal():
        raise AnswerLostError("unreadable-answer")
    return int(given)


def _date(headers: Mapping[str, str]) -> float | None:
    """The platform's time in seconds; its header counts whole ones, so half of one is added."""
    try:
        return parsedate_to_datetime(headers["Date"]).timestamp() + 0.5
    except (KeyError, ValueError):
        return None
