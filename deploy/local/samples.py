"""The sample events: what is published, what each expects, and what the simulator is told before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FOLDER = Path(__file__).parent.parent / "samples"
CONTROL = "sandbox.json"


@dataclass(frozen=True)
class Samples:
    """Of one platform. `before` and `mend` are calls to the simulator: path and body; `replay` an event's id."""

    platform: str
    events: Sequence[Mapping[str, Any]]
    before: Sequence[Mapping[str, Any]]
    mend: Sequence[Mapping[str, Any]]
    replay: str


def samples(platform: str) -> Samples:
    """Read a platform's folder, events in order of file name."""
    folder = FOLDER / platform
    files = sorted(path for path in folder.glob("*.json") if path.name != CONTROL)
    control = orjson.loads((folder / CONTROL).read_bytes())
    return Samples(platform, [orjson.loads(path.read_bytes()) for path in files], **control)


def as_expected(event: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether the result is the one that the sample names: outcome and code."""
    return (row["outcome"], row["code"]) == (event["expectoutcome"], event.get("expectcode"))
