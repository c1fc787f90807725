"""`python -m tests.bench.profile`: where a gateway's time goes while it works, by py-spy; the top ten functions.

`itself` is the time in the own lines of a function, whoever wrote it; `in all`, of ours, also that of whatever they
called. What holds Python's lock is looked at: waiting costs nothing.
"""

import argparse
import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.bench.contenders import BENCH_PYTHON, gateway_at_work
from tests.bench.rig import BenchError, Program, Trial, rig
from tests.bench.row import say, table

RUN = Path(".run").absolute() / "bench" / "profile"
SECONDS, PER_SECOND, TOP = 10, 200, 10
OURS = re.compile(r"\((gateway/(?!cli|__main__)|workers/|schemas/)")
WARM = 0.05
"""The part of the events that is done before we look."""


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.profile", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="that wait: enough for the time of looking")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long to look")
    options = parser.parse_args()
    shutil.rmtree(RUN, ignore_errors=True)
    stacks = asyncio.run(_stacks(options.events, options.seconds))
    say(told(stacks))


async def _stacks(events: int, seconds: int) -> list[str]:
    """What py-spy saw: a line for each different stack, outermost function first, and how often it was seen."""
    async with rig(RUN) as bench, bench.trial("gateway") as trial, gateway_at_work(trial, events) as program:
        return (await _recorded(program, trial, events, seconds)).read_text(encoding="utf-8").splitlines()


async def _recorded(program: Program, trial: Trial, events: int, seconds: int) -> Path:
    """Raises BenchError."""
    await trial.done(program, WARM * events)
    file = trial.folder / "stacks"
    how = ("--format", "raw", "--function", "--rate", str(PER_SECOND), "--duration", str(seconds), "--gil")
    command = (str(BENCH_PYTHON / "py-spy"), "record", *how, "--pid", str(program.pid), "--output", str(file))
    spy = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await spy.wait() != 0:
        raise BenchError("py-spy may not look: it needs root, or kernel.yama.ptrace_scope = 0")
    if await trial.waiting() >= events:
        raise BenchError("the events were done before the time of looking was over: more --events, less --seconds")
    return file


def told(stacks: Iterable[str]) -> str:
    """The top ten, once by own time and once by time in all. Pure."""
    itself, in_all, every = counted(stacks)
    in_all = Counter({name: seen for name, seen in in_all.items() if OURS.search(name)})
    return "\n\n".join(_top(name, times, every) for name, times in (("itself", itself), ("in all", in_all)))


def counted(stacks: Iterable[str]) -> tuple[Counter[str], Counter[str], int]:
    """How often each function was seen innermost, how often anywhere, and how often any was."""
    itself, in_all, every = Counter[str](), Counter[str](), 0
    for line in stacks:
        frames, _, times = line.rpartition(" ")
        names = frames.split(";")
        itself[names[-1]] += int(times)
        in_all.update(dict.fromkeys(set(names), int(times)))
        every += int(times)
    return itself, in_all, every


def _top(name: str, times: Counter[str], every: int) -> str:
    return table([name, "%"], [[function, f"{seen / every:.1%}"] for function, seen in times.most_common(TOP)])


if __name__ == "__main__":
    main()
