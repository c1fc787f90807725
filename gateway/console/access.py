"""Who may do what: every request passes here. Nothing is shown without a session, nothing done without its token."""

from collections.abc import Awaitable, Callable
from hmac import compare_digest
from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.console.desk import DESK, LOGIN_COOKIE, ROOT, SESSION, SESSION_COOKIE
from gateway.console.settings import Role
from gateway.errors import RefusedError, UnavailableError

log = structlog.get_logger()

Page = Callable[[web.Request], Awaitable[web.StreamResponse]]

OPEN = (f"{ROOT}/login", f"{ROOT}/language")
STATIC = f"{ROOT}/static/"
TOKEN_FIELD = "form_token"  # noqa: S105 - its name
HTMX = "HX-Request"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

FORGED = "this form is not from this login, or too old: go back, load the page again, and send it once more"


def needs(role: Role) -> Callable[[Page], Page]:
    """A page for this role and those above it; the others are told which role it takes."""

    def only(page: Page) -> Page:
        async def checked(request: web.Request) -> web.StreamResponse:
            session = request[SESSION]
            if not session.may(role):
                log.warning("console.forbidden", user=session.user, role=session.role, needed=role)
                raise web.HTTPForbidden(text=f"this needs the role {role}, and you are {session.role}")
            return await page(request)

        return checked

    return only


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What browsers may do with our pages, on every answer."""
    response = await _answered(request, handler)
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "max-age=3600" if request.path.startswith(STATIC) else "no-store"
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The page, or one that says why there is none."""
    try:
        return await handler(request)
    except web.HTTPError as error:
        return _refusal(request, HTTPStatus(error.status), error.text or error.reason)
    except web.HTTPException as moved:
        return web.Response(status=moved.status, headers=moved.headers)
    except RefusedError as error:
        return _refusal(request, HTTPStatus.CONFLICT, str(error))
    except UnavailableError as error:
        log.error("console.unavailable", path=request.path, reason=str(error))
        return _refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, str(error))


def _refusal(request: web.Request, status: HTTPStatus, why: str) -> web.Response:
    template = "refused_part.html" if request.headers.get(HTMX) else "refused.html"
    return request.app[DESK].page(request, template, status, title=status.phrase, number=status.value, why=why)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Lets through who has logged in, and of what they send only what came from a form of ours."""
    desk = request.app[DESK]
    if request.path.startswith(STATIC):
        return await handler(request)
    session = await desk.sessions.read(request.cookies.get(SESSION_COOKIE, ""))
    if session is not None:
        request[SESSION] = session
    elif request.path not in OPEN:
        return _to_login(request)
    if request.method not in {"GET", "HEAD"}:
        await _check_form(request)
    return await handler(request)


async def _check_form(request: web.Request) -> None:
    """Raises HTTPForbidden for a form that did not come from a page of ours, for this login."""
    desk, form = request.app[DESK], await request.post()
    if request.path == OPEN[0]:
        nonce = request.cookies.get(LOGIN_COOKIE, "")
        expected = desk.sessions.login_token(nonce) if nonce else ""
    else:
        session = request.get(SESSION)
        expected = desk.sessions.form_token(session) if session else ""
    given = str(form.get(TOKEN_FIELD, ""))
    foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
    if foreign or not expected or not compare_digest(given.encode(), expected.encode()):
        log.warning("console.forged", path=request.path)
        raise web.HTTPForbidden(text=FORGED)


def _to_login(request: web.Request) -> web.Response:
    """To the login and from there back; a part of a page takes the whole page along."""
    back = request.path_qs if request.method == "GET" and not request.headers.get(HTMX) else ROOT
    where = f"{ROOT}/login?{urlencode({'next': back})}"
    if request.headers.get(HTMX):
        return web.Response(headers={"HX-Redirect": where})
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": where})
