"""What the gateway checks before a service sees a call: who calls, signature, clock, subscription, size."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from gateway.simulation import json_answer

SKEW = 180  # seconds either way
LIMITS = {"production": 8 * 1024 * 1024, "test": 4 * 1024 * 1024}  # 3.3 其他说明 1, bytes

MESSAGES = {
    "AGW.1433": "Request signature error or the difference between the request server timestamp and the actual "
    "time is greater than 180 seconds",
    "AGW.1403": "The application has not subscribed to the service, or cross-network access is forbidden",
    "AGW.1429": "Concurrency limit exceeded",
    "AGW.1430": "Rate limit exceeded",
    "AGW.1504": "Circuit breaker is open",
    "ACG.1401": "paasid is missing, login required",
}


def failure(code: str, message: str | None = None) -> web.Response:
    """A failure of the gateway itself: HTTP 200, errcode and errmsg, no data."""
    text = MESSAGES.get(code, "") if message is None else message
    return json_answer({"errcode": code, "errmsg": text}, code)


def digest(timestamp: str, token: str, nonce: str, user: Iterable[str] | None = None) -> str:
    """The signature; with the user's three fields as it is on calls that the gateway makes."""
    middle = "" if user is None else "," + ",".join(user)
    text = f"{timestamp}{token}{nonce}{middle}{timestamp}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest().upper()


@dataclass
class Gateway:
    """The gateway's consumers (paasid → paasToken) and what they may call."""

    consumers: Mapping[str, str]
    prefix: str
    environment: str
    clock: Callable[[], float]
    unsubscribed: set[str] = field(default_factory=set)
    nonces: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """Everybody may call everything again."""
        self.unsubscribed.clear()
        self.nonces.clear()

    def refusal(self, request: web.Request, passid: str, size: int) -> web.Response | None:
        """The answer to a call that no service gets to see; None for one that passes."""
        caller = request.headers.get(f"{self.prefix}paasid", "")
        if not caller:
            return failure("ACG.1401")
        if caller not in self.consumers:
            return json_answer({"message": "Unknown consumer"}, "http-401", status=401)
        if not self._signed(request, self.consumers[caller]):
            return failure("AGW.1433")
        if passid in self.unsubscribed:
            return failure("AGW.1403")
        # What the real one answers to a body too large is not public; this is only sure to be no success.
        return web.Response(status=413, text="Request Entity Too Large") if size > LIMITS[self.environment] else None

    def _signed(self, request: web.Request, token: str) -> bool:
        said = {name: request.headers.get(f"{self.prefix}{name}", "") for name in ("timestamp", "nonce", "signature")}
        self.nonces.append(said["nonce"])
        if not said["timestamp"].isdigit() or abs(self.clock() - int(said["timestamp"])) > SKEW:
            return False
        return said["signature"].upper() == digest(said["timestamp"], token, said["nonce"])
