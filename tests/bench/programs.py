"""Programs that are measured: each in a session of its own, with its output in a file, ended whatever happens."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.bench.errors import EndedError
from tests.bench.usage import Usage, usage

STOP_SECONDS = 25


class Program:
    """One that runs. `pid` leads its session."""

    def __init__(self, popen: "subprocess.Popen[bytes]", log: Path) -> None:
        self._popen = popen
        self.pid = popen.pid
        self.log = log

    def usage(self) -> Usage:
        """What it and all that it started have used until now."""
        return usage(self.pid)

    def check(self) -> None:
        """Raises EndedError when it runs no more."""
        if self._popen.poll() is not None:
            raise EndedError(f"ended with {self._popen.returncode}, see {self.log}")

    def stop(self) -> None:
        """Ask it to end, and after 25 s end it and all that it started the hard way."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and all that it started at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()


@contextmanager
def running(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Iterator[Program]:
    """The program, from the project's root, while the block runs; Linux ends it when we are killed."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        popen = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**inherited(), **(environment or {})},
            start_new_session=True,
        )
    program = Program(popen, log)
    try:
        yield program
    finally:
        program.stop()


def inherited() -> dict[str, str]:
    """Our environment without settings of a gateway of the user's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
