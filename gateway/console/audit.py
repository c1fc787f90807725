"""Audit 审计: who did what, when, why, on what, with what result."""

from aiohttp import web

from gateway.console.desk import DESK

MOST_SHOWN = 500


async def index(request: web.Request) -> web.StreamResponse:
    """Every writing act, latest first; of one run where asked for."""
    desk, run = request.app[DESK], request.query.get("run", "").strip() or None
    rows = await desk.operator(request).audit(MOST_SHOWN, run)
    return desk.page(request, "audit.html", rows=rows, run=run)
