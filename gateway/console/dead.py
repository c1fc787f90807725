"""Dead letters 死信: grouped, listed, one by one; and what is done with them, after a look at what it would do."""

import asyncio
from collections.abc import Sequence
from time import time

from aiohttp import web

from gateway.broker import CONNECTION_ERRORS
from gateway.console.access import needs
from gateway.console.desk import DESK, ROOT
from gateway.console.filters import Asked, asked
from gateway.errors import RefusedError, UnavailableError
from gateway.operating import Filter, LetterDetail, LetterRow, Life, Operator
from gateway.operating.model import Kind

PAGE = 50
MOST_GROUPS = 200
PLAN_SECONDS = 86400
INDEX_SECONDS = 5.0
SAMPLE = 20
"""Letters that a plan shows of those it would take."""


async def index(request: web.Request) -> web.StreamResponse:
    """What died, grouped by why; and the letters themselves, a page at a time."""
    desk, wanted = request.app[DESK], asked(request.query)
    operator, meant = desk.operator(request), wanted.filter()
    said = await _index_said(operator)
    page = max(1, _whole(request.query.get("page", "1")))
    groups = await operator.groups(meant)
    letters = await operator.letters(meant, PAGE, (page - 1) * PAGE)
    total = sum(group.count for group in groups)
    return desk.page(
        request,
        "dead.html",
        asked=wanted,
        said=said,
        groups=groups[:MOST_GROUPS],
        hidden_groups=max(0, len(groups) - MOST_GROUPS),
        letters=letters,
        total=total,
        page=page,
        pages=max(1, -(-total // PAGE)),
    )


async def letter(request: web.Request) -> web.StreamResponse:
    """One letter with its event, masked, and its event's whole life."""
    return await _letter(request, reveal=False)


@needs("admin")
async def reveal(request: web.Request) -> web.StreamResponse:
    """The same with everything personal shown, which is recorded."""
    return await _letter(request, reveal=True)


async def trace(request: web.Request) -> web.StreamResponse:
    """The whole life of every event of an id, whatever became of it."""
    desk, event_id = request.app[DESK], request.query.get("event", "").strip()
    lives: Sequence[Life] = await desk.operator(request).trace(event_id) if event_id else ()
    return desk.page(request, "trace.html", event_id=event_id, lives=lives)


@needs("operator")
async def plan(request: web.Request) -> web.StreamResponse:
    """What a replay or a discard would do, and the form that starts it."""
    return await _plan(request, asked(request.query), _kind(request.query.get("kind", "replay")), {})


@needs("operator")
async def plan_edited(request: web.Request) -> web.StreamResponse:
    """The same with an edit, which may hold what must not stand in an address."""
    sent = {name: str(value) for name, value in (await request.post()).items()}
    return await _plan(request, asked(sent), _kind(sent.get("kind", "replay")), sent)


@needs("operator")
async def start(request: web.Request) -> web.StreamResponse:
    """Starts the run that was planned, on no letter that died since."""
    sent = {name: str(value) for name, value in (await request.post()).items()}
    reason = sent.get("reason", "").strip()
    if not reason:
        raise RefusedError("reason: say why, it stands in the audit")
    wanted = asked(sent).filter(_seconds_since(sent.get("planned_at", "")))
    kind, rate, edit = _kind(sent.get("kind", "")), _rate(sent.get("rate", "")), _edit(sent)
    run = await request.app[DESK].operator(request).start(wanted, reason, kind=kind, rate=rate, edit=edit)
    raise web.HTTPSeeOther(f"{ROOT}/runs/{run.id}")


async def _plan(request: web.Request, wanted: Asked, kind: Kind, sent: dict[str, str]) -> web.StreamResponse:
    desk = request.app[DESK]
    planned_at = f"{time():.3f}"
    found = await desk.operator(request).dry_run(wanted.filter(), kind=kind, edit=_edit(sent))
    return desk.page(
        request,
        "plan.html",
        asked=wanted,
        kind=kind,
        plan=found,
        sample=found.eligible[:SAMPLE],
        sent=sent,
        planned_at=planned_at,
    )


async def _letter(request: web.Request, *, reveal: bool) -> web.StreamResponse:
    desk, name = request.app[DESK], request.match_info["letter"]
    operator = desk.operator(request)
    rows = await operator.letters(Filter(ids=(name,)))
    details, unread = await _details(request, name, reveal=reveal)
    rows = rows or [detail.row for detail in details]
    if not rows:
        raise web.HTTPNotFound(text=f"there is no dead letter {name!r} any more: it was replayed or discarded")
    lives = await operator.trace(rows[0].event_id) if rows[0].event_id else []
    shown: list[tuple[LetterRow, LetterDetail | None]] = [
        (row, next((detail for detail in details if detail.row.id == row.id), None)) for row in rows
    ]
    return desk.page(request, "letter.html", letters=shown, lives=lives, unread=unread, revealed=reveal)


async def _details(request: web.Request, name: str, *, reveal: bool) -> tuple[list[LetterDetail], str]:
    """The letters' events; where they cannot be read now, none, and why. What is known of them is shown anyway."""
    try:
        return await request.app[DESK].operator(request).letter(name, reveal=reveal), ""
    except UnavailableError as error:
        return [], str(error)


async def _index_said(operator: Operator) -> list[str]:
    """What the index was found to lack, compared with the queues; that they cannot be asked now is said too."""
    try:
        async with asyncio.timeout(INDEX_SECONDS):
            return await operator.check_index()
    except (*CONNECTION_ERRORS, UnavailableError, RefusedError) as error:
        return [f"not compared with the queues: {error or type(error).__name__}"]


def _edit(sent: dict[str, str]) -> bytes | None:
    text = sent.get("edit", "").strip()
    return text.encode() if text else None


def _seconds_since(planned_at: str) -> float:
    """Seconds since the plan was shown. Raises RefusedError where the form does not say when that was."""
    try:
        seconds = time() - float(planned_at)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < PLAN_SECONDS:
        raise RefusedError("this plan is too old, or none: look again at what it would do")
    return seconds


def _kind(text: str) -> Kind:
    kinds: dict[str, Kind] = {"replay": "replay", "discard": "discard"}
    if text not in kinds:
        raise RefusedError(f"kind: must be replay or discard, not {text[:20]!r}")
    return kinds[text]


def _rate(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 0 < rate <= 1000:  # noqa: PLR2004 - more than any platform takes
        raise RefusedError(f"rate: must be letters a second, above 0 and at most 1000, not {text[:20]!r}")
    return rate


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004 - enough for a time
        raise RefusedError(f"must be a whole number, not {text[:20]!r}")
    return int(text)
