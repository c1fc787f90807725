"""The one place that signs: an aiohttp client middleware with a clock that learns from the gateway's `Date`."""

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from secrets import token_hex
from time import time

import structlog
from aiohttp import ClientHandlerType, ClientMiddlewareType, ClientRequest, ClientResponse
from pydantic import SecretStr

from gateway.transport import answered
from workers.gd_ecert.codes import CLOCK_OR_SIGNATURE, gateway_code
from workers.gd_ecert.signature import sign

log = structlog.get_logger()

CORRECTIONS = 2
"""How often one call is signed anew after the gateway refused signature or clock."""

WORTH_SECONDS = 2.0
"""A smaller correction changes nothing: `Date` has whole seconds."""


class Clock:
    """The gateway's time: ours, and what we know of the difference."""

    def __init__(self, source: Callable[[], float] = time) -> None:
        self._source = source
        self.offset = 0.0

    def timestamp(self) -> str:
        """Unix time in whole seconds."""
        return str(int(self._source() + self.offset))

    def learn(self, date: str | None) -> None:
        """Take over the gateway's time from its `Date` header (RFC 9110); one that is none changes nothing."""
        theirs = _seconds(date)
        if theirs is not None and abs(theirs - self._source() - self.offset) >= WORTH_SECONDS:
            self.offset = theirs - self._source()
            log.warning("clock.corrected", platform="gd_ecert", offset_s=round(self.offset))


def signing(prefix: str, paas_id: str, paas_token: SecretStr, clock: Clock) -> ClientMiddlewareType:
    """A client middleware that signs every request, each attempt with a fresh time and nonce.

    AGW.1433 means a wrong signature or a wrong clock. Where `Date` shows that this request was signed by a
    wrong clock it is sent again, at most twice; else, or after that, the refusal is handed on.
    """

    def put_on(request: ClientRequest) -> None:
        timestamp, nonce = clock.timestamp(), token_hex(16)
        request.headers[f"{prefix}paasid"] = paas_id
        request.headers[f"{prefix}timestamp"] = timestamp
        request.headers[f"{prefix}nonce"] = nonce
        request.headers[f"{prefix}signature"] = sign(paas_token.get_secret_value(), timestamp, nonce)

    async def middleware(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        for _ in range(CORRECTIONS):
            signed_with = clock.offset
            put_on(request)
            response = await handler(request)
            if not await _clock_refused(response):
                return response
            clock.learn(response.headers.get("Date"))
            if abs(clock.offset - signed_with) < WORTH_SECONDS:
                return response
            response.release()
            answered()
        put_on(request)
        return await handler(request)

    return middleware


async def _clock_refused(response: ClientResponse) -> bool:
    body = await response.read()
    return CLOCK_OR_SIGNATURE.encode() in body and gateway_code(body) == CLOCK_OR_SIGNATURE


def _seconds(date: str | None) -> float | None:
    try:
        read = parsedate_to_datetime(date or "")
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
