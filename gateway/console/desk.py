"""What every page needs: who asks, through which door they act, and what the page looks like."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gateway.account import Account
from gateway.console.lockout import Lockout
from gateway.console.pages import LANGUAGES, Pages
from gateway.console.passwords import Passwords
from gateway.console.sessions import Session, Sessions
from gateway.console.settings import is_loopback
from gateway.ledger import Ledger
from gateway.operating import Actor, Operator
from gateway.settings import Settings

ROOT = "/console"
SESSION_COOKIE = "gateway_console"
LOGIN_COOKIE = "gateway_login"
LANGUAGE_COOKIE = "gateway_language"


@dataclass
class Desk:
    """One for the process."""

    settings: Settings
    accounts: Sequence[Account]
    ledger: Ledger
    sessions: Sessions = field(init=False)
    passwords: Passwords = field(init=False)
    lockout: Lockout = field(default_factory=Lockout)
    pages: Pages = field(default_factory=Pages)

    def __post_init__(self) -> None:
        console = self.settings.console
        self.sessions = Sessions(console.users, self.ledger, console.session_minutes)
        self.passwords = Passwords(console.users)

    def operator(self, request: web.Request) -> Operator:
        """The door through which whoever is logged in acts."""
        session = request[SESSION]
        actor = Actor(f"{session.user} (console)", may_reveal=session.may("admin"))
        return Operator(self.settings, self.accounts, self.ledger, actor)

    def set_cookie(self, request: web.Request, response: web.StreamResponse, name: str, value: str, age: int) -> None:
        """A cookie that no script reads and no other site sends; over TLS alone, unless all is on this machine."""
        here = is_loopback(self.settings.http.host) and is_loopback(request.url.host or "")
        response.set_cookie(name, value, max_age=age, path=ROOT, httponly=True, samesite="Strict", secure=not here)

    def page(self, request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
        """A page, or a part of one, for whoever asks."""
        session: Session | None = request.get(SESSION)
        chosen = request.cookies.get(LANGUAGE_COOKIE, "both")
        common = {
            "root": ROOT,
            "path": request.path,
            "session": session,
            "form_token": self.sessions.form_token(session) if session else "",
            "language": chosen if chosen in LANGUAGES else "both",
            "accounts": [str(account) for account in self.accounts],
        }
        text = self.pages.render(template, common | values)
        return web.Response(text=text, content_type="text/html", status=status)


DESK = web.AppKey("desk", Desk)
SESSION = web.RequestKey("session", Session)
