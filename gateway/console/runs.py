"""Runs: replays and discards, how far they are, and pausing, resuming, cancelling them."""

from aiohttp import web

from gateway.console.access import needs
from gateway.console.desk import DESK, ROOT
from gateway.errors import RefusedError
from gateway.operating import Run, RunLetter

MOST_SHOWN = 100


async def index(request: web.Request) -> web.StreamResponse:
    """All runs, latest first."""
    desk = request.app[DESK]
    return desk.page(request, "runs.html", runs=await desk.operator(request).runs())


async def show(request: web.Request) -> web.StreamResponse:
    """One run: why, on what, how far; what failed again; who did what with it."""
    desk, operator = request.app[DESK], request.app[DESK].operator(request)
    run, failed = await _run(request)
    audit = await operator.audit(run=run.id)
    return desk.page(request, "run.html", run=run, failed=failed, audit=audit)


async def progress(request: web.Request) -> web.StreamResponse:
    """The part of the page that changes; a run that is over takes the whole page along, with all that is known."""
    desk = request.app[DESK]
    run, failed = await _run(request)
    response = desk.page(request, "run_progress.html", run=run, failed=failed)
    if run.state != "running":
        response.headers["HX-Refresh"] = "true"
    return response


@needs("operator")
async def act(request: web.Request) -> web.StreamResponse:
    """Pause, resume or cancel, with or without a reason; then the run again."""
    operator = request.app[DESK].operator(request)
    acts = {"pause": operator.pause, "resume": operator.resume, "cancel": operator.cancel}
    reason = str((await request.post()).get("reason", "")).strip()
    run = await acts[request.match_info["act"]](request.match_info["run"], reason)
    raise web.HTTPSeeOther(f"{ROOT}/runs/{run.id}")


async def _run(request: web.Request) -> tuple[Run, list[RunLetter]]:
    operator, name = request.app[DESK].operator(request), request.match_info["run"]
    try:
        run = await operator.run(name)
    except RefusedError as error:
        raise web.HTTPNotFound(text=str(error)) from None
    return run, await operator.run_letters(run.id, "failed", MOST_SHOWN)
