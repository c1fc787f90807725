"""The way to a platform from the configured source address: name, port, TLS, and whose clock is wrong."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

from yarl import URL

from gateway.account import Account, AccountSettings
from gateway.doctor.finding import Finding
from gateway.transport import AnswerLostError, NotSentError, exchange, session

REACH_SECONDS = 10.0
ASK_SECONDS = 15.0
SKEW_WARNING, SKEW_BAD = 60.0, 180.0
"""Seconds. Platforms that sign requests refuse timestamps that are some minutes off."""
EXPIRES_SOON_DAYS = 14


@dataclass(frozen=True, slots=True)
class Way:
    """How far we got: the address that the name stands for, the TLS certificate's end (Unix seconds), or the failure.

    `failed` names the stage: name, connect, tls.
    """

    where: str
    source: str | None = None
    address: str | None = None
    ends: float | None = None
    failed: str | None = None
    why: str = ""


async def examine(account: Account) -> list[Finding]:
    """Findings about every address of the account's platform."""
    found: list[Finding] = []
    for key, url in addresses(account.settings):
        way = await go(url, _source(account.settings))
        found.append(judge_way(str(account), key, way, time()))
        if way.failed is None:
            found.append(judge_skew(str(account), await skew(url, account.settings)))
    return found or [Finding("platform", "not checked", "no base_url is set", "set it 接口地址", str(account))]


def addresses(settings: AccountSettings) -> Iterator[tuple[str, URL]]:
    """The settings that say where the platform is: `base_url`, and what ends so."""
    for key in type(settings).model_fields:
        value = getattr(settings, key)
        if key.endswith("base_url") and isinstance(value, str):
            yield key, URL(value)


async def go(url: URL, source: str | None) -> Way:
    """Resolve, connect, and shake hands where it is https. Nothing is sent."""
    host, port = url.host or "", url.port or 0
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(REACH_SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError) as error:
        return Way(where, source, failed="name", why=_said(error))
    address = str(found[0][4][0])
    try:
        ends = await _connect(host, port, source, url.scheme == "https")
    except ssl.SSLError as error:
        return Way(where, source, address, failed="tls", why=getattr(error, "verify_message", "") or _said(error))
    except (OSError, TimeoutError) as error:
        failed = "source" if getattr(error, "errno", None) == errno.EADDRNOTAVAIL else "connect"
        return Way(where, source, address, failed=failed, why=_said(error))
    return Way(where, source, address, ends)


async def _connect(host: str, port: int, source: str | None, tls: bool) -> float | None:
    """The end of the certificate's validity, where there is one."""
    context = ssl.create_default_context() if tls else None
    local = (source, 0) if source else None
    async with asyncio.timeout(REACH_SECONDS):
        _, writer = await asyncio.open_connection(host, port, local_addr=local, ssl=context)
    certificate = writer.get_extra_info("peercert") or {}
    writer.close()
    with suppress(OSError):  # a peer that resets a connection which was closed without a word
        await writer.wait_closed()
    return ssl.cert_time_to_seconds(certificate["notAfter"]) if "notAfter" in certificate else None


async def skew(url: URL, settings: AccountSettings) -> float | None:
    """Seconds that the platform's clock is ahead of ours, by the Date of its answer; None where it says none.

    The Date has whole seconds; the middle of the second and of the exchange is taken.
    """
    began = time()
    timeout = min(settings.timeout_seconds, ASK_SECONDS)
    async with session(source_address=_source(settings), timeout_seconds=timeout) as http:
        try:
            reply = await exchange(http, "HEAD", str(url))
            date = parsedate_to_datetime(reply.headers.get("Date", "")).timestamp()
        except (NotSentError, AnswerLostError, ValueError):
            return None
    return date + 0.5 - (began + time()) / 2


def judge_way(account: str, key: str, way: Way, now: float) -> Finding:
    """How far we got, and what stands in the way."""
    origin = f" from {way.source}" if way.source else ""
    if way.failed is not None:
        found = f"{key} {way.where}{origin}: {_STAGES[way.failed][0]}: {way.why}"
        return Finding("platform", "bad", found, _STAGES[way.failed][1], account)
    found = f"{key} {way.where} is {way.address}, reached{origin}"
    if way.ends is None:
        return Finding("platform", "good", found, account=account)
    days = int((way.ends - now) // 86400)
    if days < EXPIRES_SOON_DAYS:
        remedy = "tell the platform's operator 平台证书即将过期: afterwards every call fails"
        return Finding("platform", "warning", f"{found}; its TLS certificate ends in {days} days", remedy, account)
    return Finding("platform", "good", f"{found}; its TLS certificate holds for {days} days", account=account)


def judge_skew(account: str, seconds: float | None) -> Finding:
    """Whose clock is wrong cannot be told from here; ours is the one that can be set."""
    if seconds is None:
        return Finding("clock", "not checked", "the platform's answer has no Date", "chronyc tracking 时钟", account)
    found = f"the platform's clock is {abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours"
    remedy = "synchronise this machine's clock 时钟同步 (NTP): chronyc tracking, or timedatectl"
    if abs(seconds) > SKEW_BAD:
        return Finding("clock", "bad", found, remedy, account)
    if abs(seconds) > SKEW_WARNING:
        return Finding("clock", "warning", found, remedy, account)
    return Finding("clock", "good", found, account=account)


_STAGES = {
    "name": ("the name cannot be resolved", "see base_url and this machine's DNS 域名解析"),
    "source": ("the source address is none of this machine's", "see source_address 出口地址, and ip address"),
    "connect": ("no connection", "firewall, route, or our address is not on the platform's white list 白名单"),
    "tls": ("no TLS", "the platform's certificate 证书; a private authority's belongs into the system's trust store"),
}


def _source(settings: AccountSettings) -> str | None:
    return str(settings.source_address) if settings.source_address else None


def _said(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip()
