"""Logging in and out, and the language that pages are shown in."""

from secrets import token_urlsafe
from typing import NoReturn

import structlog
from aiohttp import web

from gateway.console.desk import DESK, LANGUAGE_COOKIE, LOGIN_COOKIE, ROOT, SESSION, SESSION_COOKIE, Desk
from gateway.console.pages import LANGUAGES

log = structlog.get_logger()

LOGIN_SECONDS = 3600
LANGUAGE_SECONDS = 365 * 86400
WRONG = ("Wrong user or password.", "用户名或密码错误。")


async def form(request: web.Request) -> web.StreamResponse:
    """The login page; for who is logged in already, the page they wanted."""
    if request.get(SESSION) is not None:
        _go(_next(request.query.get("next", "")))
    return _form(request, _next(request.query.get("next", "")))


async def login(request: web.Request) -> web.StreamResponse:
    """Looks at a password, unless the user or the address has to wait for that."""
    desk, sent = request.app[DESK], await request.post()
    name, address, back = str(sent.get("user", "")), request.remote or "", _next(str(sent.get("next", "")))
    if left := desk.lockout.seconds_left(name, address):
        return _locked(request, back, left)
    left = desk.lockout.failed(name, address)  # before it is known, or many at once would all be looked at
    known = name if name in desk.settings.console.users else "unknown"
    if not await desk.passwords.right(name, str(sent.get("password", ""))):
        log.warning("console.login_failed", user=known, address=address, locked_s=round(left))
        return _locked(request, back, left) if left else _form(request, back, 403, WRONG)
    desk.lockout.succeeded(name, address)
    log.info("console.logged_in", user=name, address=address)
    return _welcome(desk, request, name, back)


async def logout(request: web.Request) -> web.StreamResponse:
    """Ends the session in every process, and goes to the login."""
    desk, session = request.app[DESK], request[SESSION]
    await desk.sessions.end(session)
    log.info("console.logged_out", user=session.user)
    response = web.Response(status=303, headers={"Location": f"{ROOT}/login"})
    response.del_cookie(SESSION_COOKIE, path=ROOT)
    return response


async def language(request: web.Request) -> web.StreamResponse:
    """Chinese, English, or both; and back to where one was."""
    desk, wanted = request.app[DESK], request.query.get("to", "")
    response = web.Response(status=303, headers={"Location": _next(request.query.get("next", ""))})
    if wanted in LANGUAGES:
        desk.set_cookie(request, response, LANGUAGE_COOKIE, wanted, LANGUAGE_SECONDS)
    return response


def _welcome(desk: Desk, request: web.Request, name: str, back: str) -> web.Response:
    _, cookie = desk.sessions.begin(name)
    response = web.Response(status=303, headers={"Location": back})
    desk.set_cookie(request, response, SESSION_COOKIE, cookie, desk.settings.console.session_minutes * 60)
    response.del_cookie(LOGIN_COOKIE, path=ROOT)
    return response


def _locked(request: web.Request, back: str, seconds: float) -> web.Response:
    wait = int(seconds) + 1
    said = (
        f"Too many wrong passwords. Try again in {wait} seconds.",
        f"密码错误次数过多，请在 {wait} 秒后重试。",
    )
    response = _form(request, back, 429, said)
    response.headers["Retry-After"] = str(wait)
    return response


def _form(request: web.Request, back: str, status: int = 200, said: tuple[str, str] | None = None) -> web.Response:
    desk = request.app[DESK]
    nonce = request.cookies.get(LOGIN_COOKIE) or token_urlsafe(24)
    values = {"next": back, "said": said, "login_token": desk.sessions.login_token(nonce)}
    response = desk.page(request, "login.html", status, users=bool(desk.settings.console.users), **values)
    desk.set_cookie(request, response, LOGIN_COOKIE, nonce, LOGIN_SECONDS)
    return response


def _go(where: str) -> NoReturn:
    raise web.HTTPSeeOther(where)


def _next(path: str) -> str:
    """Where to go after the login: a page of ours, whatever was asked for."""
    ours = path == ROOT or path.startswith((f"{ROOT}/", f"{ROOT}?"))
    plain = path.isprintable() and "\\" not in path and "//" not in path
    return path if ours and plain and not path.startswith(f"{ROOT}/static") else ROOT
