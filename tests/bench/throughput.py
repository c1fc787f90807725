"""Row: events a second and what each costs, against an endpoint that answers at once; ours and everybody else's."""

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.contenders import ALL_PEERS, BY_HAND, FASTSTREAM, GATEWAY, NODE, gateway_at_work, peer_at_work
from tests.bench.rig import Measured, Rig
from tests.bench.row import Options, Row, say, table

NAME = "throughput"
GOALS = {BY_HAND: 1.2, FASTSTREAM: 2.0}
"""How many times as fast, and as cheap, as they the gateway should be."""

PICTURE = Path("deploy") / "docs" / "throughput.svg"
MEGABYTE = 1e6
Series = Mapping[str, Sequence[Measured]]


async def measure(bench: Rig, options: Options) -> Row:
    """All of them, one after the other, round for round, so that a slow minute of the machine meets all."""
    found: dict[str, list[Measured]] = {}
    for number in range(1, options.rounds + 1):
        for name in (GATEWAY, *(peer.name for peer in ALL_PEERS)):
            one = await _one(bench, name, options.events)
            found.setdefault(name, []).append(one)
            say(f"{NAME} {number}: {name}: {one.per_second:.0f}/s, {one.cpu_micros:.0f} µs")
    return row(found)


async def _one(bench: Rig, name: str, events: int) -> Measured:
    async with bench.trial(NAME) as trial:
        peer = next((peer for peer in ALL_PEERS if peer.name == name), None)
        working = peer_at_work(peer, trial, events) if peer else gateway_at_work(trial, events)
        async with working as program:
            return await trial.measured(program, events)


def row(found: Series) -> Row:
    """What was found, in words. Pure."""
    goals = "; ".join(f"≥ {times} × {name}" for name, times in GOALS.items())
    ratios = {name: (faster(found, name), cheaper(found, name)) for name in found}
    told = "; ".join(f"{ratios[name][0]:.2f} × and {ratios[name][1]:.2f} × {name}" for name in GOALS)
    mark = f"{NODE} is {1 / ratios[NODE][0]:.1f} × as fast and {1 / ratios[NODE][1]:.1f} × as cheap as the gateway"
    met = all(min(ratios[name]) >= times for name, times in GOALS.items())
    return Row(NAME, f"{goals}; in events/s and in CPU per event", f"{told}. {mark}", met, data(found), detail(found))


def faster(found: Series, name: str) -> float:
    """How many times as fast as this one the gateway is."""
    return _median(found[GATEWAY], "per_second") / _median(found[name], "per_second")


def cheaper(found: Series, name: str) -> float:
    """How many times as much processor time as the gateway this one takes for an event."""
    return _median(found[name], "cpu_micros") / _median(found[GATEWAY], "cpu_micros")


def detail(found: Series) -> str:
    """The table of all, the fastest first, and the picture that `plot` makes of them."""
    headings = ["", "events/s", "min–max", "gateway/it", "CPU µs/event", "min–max", "it/gateway", "peak memory, MB"]
    fastest = sorted(found, key=lambda name: -_median(found[name], "per_second"))
    return f"{table(headings, [_line(found, name) for name in fastest])}\n\n![the same as a picture]({PICTURE})"


def _line(found: Series, name: str) -> list[str]:
    shown = f"**{name}**" if name == GATEWAY else name
    rate = [_number(_median(found[name], "per_second")), _spread(found[name], "per_second")]
    cost = [_number(_median(found[name], "cpu_micros")), _spread(found[name], "cpu_micros")]
    memory = _number(_median(found[name], "peak_bytes") / MEGABYTE)
    return [shown, *rate, f"{faster(found, name):.2f}", *cost, f"{cheaper(found, name):.2f}", memory]


def data(found: Series) -> dict[str, Any]:
    """For the results' file and for the plot: each measurement of each."""
    figures = ("per_second", "cpu_micros", "peak_bytes")
    return {
        name: {figure: [getattr(one, figure) for one in many] for figure in figures} for name, many in found.items()
    }


def _values(many: Sequence[Measured], figure: str) -> list[float]:
    return [getattr(one, figure) for one in many]


def _median(many: Sequence[Measured], figure: str) -> float:
    return statistics.median(_values(many, figure))


def _spread(many: Sequence[Measured], figure: str) -> str:
    values = _values(many, figure)
    return f"{_number(min(values))}–{_number(max(values))}"


def _number(value: float) -> str:
    return f"{value:,.0f}"
