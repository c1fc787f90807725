"""What a platform is to the core, and how platforms are found: one folder each in `workers`, listed nowhere."""

import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from typing import Any, Protocol

from aiohttp import web
from pydantic import BaseModel

from gateway.account import Account, AccountSettings
from gateway.contest import Contest
from gateway.errors import RefusedError
from gateway.onboarding import Entry
from gateway.outcome import Ending
from gateway.steps import Steps
from gateway.tally import Sums
from gateway.token import TokenState, TokenStore

FOLDER = "workers"


class Repeat(StrEnum):
    """What happens when the same request reaches the platform twice; decides after a lost answer."""

    IDEMPOTENT = "idempotent"
    REPORTS_DUPLICATES = "reports-duplicates"
    QUERYABLE = "queryable"  # another interface tells whether the platform has it
    NEVER = "never"

    @property
    def noted_before(self) -> bool:
        """Whether the ledger must know of a call before it is made."""
        return self is Repeat.QUERYABLE or self is Repeat.NEVER


class AfterDeath(StrEnum):
    """What the later events of a lane do when one of them dies."""

    SKIP = "skip"  # they go on: they make sense without it
    HOLD = "hold"  # they are held behind it, and replayed with it in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing the platform can be asked to do.

    `call` makes one attempt with the platform's client, the validated data and the event's steps; it
    may raise NotSentError, AnswerLostError or LoginFailedError, which the core knows how to read.
    `lane` names the data fields that order events without a subject. `several_calls`: it records steps.
    `query`, of a queryable one: asks whether the platform has it already; None when it has not.
    `sums`: what accepted ones add up to, which the result tells.
    """

    name: str
    title: str
    section: str
    model: type[BaseModel]
    call: Callable[[Any, Any, Steps], Awaitable[Ending]]
    repeat: Repeat
    interactive: bool = False
    lane: tuple[str, ...] = ()
    several_calls: bool = False
    after_death: AfterDeath = AfterDeath.SKIP
    query: Callable[[Any, Any], Awaitable[Ending | None]] | None = None
    sums: Sums | None = None


@dataclass(slots=True)
class Context:
    """What a platform's client gets from the core: the account, where its token is kept, who is told of logins.

    The contest over the account is remembered here: it outlives a client as long as its context is used again.
    """

    account: Account
    tokens: TokenStore
    on_login: Callable[[str], None] = field(default=lambda result: None)
    on_token_state: Callable[[TokenState], None] = field(default=lambda state: None)
    contest: Contest = field(init=False)

    def __post_init__(self) -> None:
        self.contest = Contest(self.account.settings)


class Inbound(Protocol):
    """What the handlers of calls from a platform get from the core."""

    def account(self, name: str) -> Account:
        """The configured account; raises aiohttp's HTTPNotFound where there is none."""

    async def keep(self, account: Account, event: str, subject: str | None, data: BaseModel, once: str) -> bool:
        """Keep the call as event `<platform>.<event>`; returns once it is on disk, and `gateway.inbound` gets it.

        `once` is what tells the call from others, and only a hash of it stays. False when the same call was kept
        before, ever. Raises LedgerError: nothing was kept then, and the same call may come again. Raised on to
        the core, that error is answered 503.
        """

    async def kept(self, account: Account, event: str, once: str) -> bool:
        """Whether the same call was kept before, ever. Raises LedgerError."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that an account's settings carry: the key that names it, and when it ends."""

    key: str
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Everything the core knows about one platform. `workers/<name>/__init__.py` exports one as PLATFORM."""

    name: str
    title: str
    settings: type[AccountSettings]
    client: Callable[[Context], AbstractAsyncContextManager[Any]]
    operations: Mapping[str, Operation]
    inbound_events: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    inbound_routes: Callable[[Inbound], Iterable[web.RouteDef]] = field(default=lambda inbound: ())
    onboarding: Callable[[Any], Sequence[Entry]] = field(default=lambda settings: ())
    certificates: Callable[[Any], Sequence[Certificate]] = field(default=lambda settings: ())
    login: Callable[[Context], Awaitable[None]] | None = None
    """Logs in once, whatever token is recorded, and records the new one; for who holds the account's lease.
    Raises LoginFailedError. None where there is no login."""


class PlatformError(RefusedError):
    """A platform's folder is missing or cannot be loaded; the message says which and why."""


def names() -> list[str]:
    """The platforms found, sorted, without importing any: a broken folder must not stop its neighbours."""
    package = import_module(FOLDER)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__) if module.ispkg)


def load(name: str) -> Platform:
    """Import one platform. Raises PlatformError."""
    if name not in names():
        raise PlatformError(f"there is no platform {name!r}; known: {', '.join(names())}")
    try:
        platform = getattr(import_module(f"{FOLDER}.{name}"), "PLATFORM", None)
    except Exception as error:
        raise PlatformError(f"{FOLDER}/{name} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(platform, Platform) or platform.name != name:
        raise PlatformError(f"{FOLDER}/{name}/__init__.py must export PLATFORM, a Platform named {name!r}")
    return platform


def simulator(name: str, **options: Any) -> web.Application:
    """The platform's simulator, as an application to be served under `/<name>`."""
    module = import_module(f"{FOLDER}.{name}.simulator")
    app: web.Application = module.create_app(**options)
    return app
