"""`python -m tests.bench.plot RESULTS PICTURE`, in .venv-bench: the throughput of all as a picture for the README."""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

OURS, OTHERS = "#1f6f5c", "#9aa5b1"
PANELS = {"per_second": "events a second (more is better)", "cpu_micros": "CPU µs per event (less is better)"}
Series = Mapping[str, Mapping[str, Sequence[float]]]


def main(results: Path, picture: Path) -> None:
    """Draw medians as bars, and the spread as a line on each."""
    row = json.loads(results.read_text(encoding="utf-8"))["throughput"]
    # Text stays text, and the same results make the same file: no date, no chance in the names.
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 9})
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    for axes, (key, title) in zip(figure.subplots(1, 2, sharey=True), PANELS.items(), strict=True):
        _bars(axes, row["data"], key)
        axes.set_title(title, fontsize=9)
    figure.supxlabel(row["stamp"], fontsize=6, color="#666666")
    figure.savefig(picture, metadata={"Date": None, "Creator": None})


def _bars(axes: Any, found: Series, key: str) -> None:
    """One panel, the fastest on top."""
    names = sorted(found, key=lambda name: statistics.median(found[name]["per_second"]))
    middles = [statistics.median(found[name][key]) for name in names]
    below = [middle - min(found[name][key]) for name, middle in zip(names, middles, strict=True)]
    above = [max(found[name][key]) - middle for name, middle in zip(names, middles, strict=True)]
    colours = [OURS if name == "gateway" else OTHERS for name in names]
    axes.barh(names, middles, xerr=[below, above], color=colours, ecolor="#333333", error_kw={"linewidth": 0.8})
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.15)
    axes.bar_label(axes.containers[-1], [f"{middle:,.0f}" for middle in middles], padding=4, fontsize=8)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
