"""A private Prometheus on loopback, with the rules of deploy/prometheus: for `make up`, and for the tests.

It has nothing to do with the system's own. Linux ends it when the thread that started it ends, kill -9 included.
`python -m deploy.local.prometheus` installs the programs, before anything with a time limit needs them.
"""

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from deploy.local.installing import install
from deploy.local.runtimes import LOOPBACK, PORTS, is_free
from deploy.local.stack import status

ADVICE = "no Prometheus here: run 'apt-get install --no-install-recommends prometheus' as root"
RULES = Path(__file__).parents[1] / "prometheus"
START_SECONDS = 30
STOP_SECONDS = 10


class PrometheusError(RuntimeError):
    """No Prometheus could be had; the text is one line that says what to do."""


class Prometheus:
    """One server with its data in `folder`, which asks each of `targets` (host:port) every `seconds`."""

    def __init__(self, folder: Path, targets: Sequence[str], *, seconds: int = 5) -> None:
        self._folder = folder.absolute()
        self._targets = targets
        self._seconds = seconds
        self.port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its pages and its API are."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it, its data empty, and return when it answers. Raises PrometheusError."""
        program = find("prometheus")
        if program is None:
            raise PrometheusError(ADVICE)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        config = self._folder / "prometheus.yml"
        config.write_text(configuration(self._targets, self._seconds), encoding="utf-8")
        options = [
            f"--config.file={config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self.port}",
        ]
        with (self._folder / "prometheus.log").open("ab") as log:
            self._server = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", program, *options],
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we end it in good order
            )
        self._await_answer(self._server)

    def stop(self) -> None:
        """End it in good order, or the hard way after 10 s."""
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _await_answer(self, server: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + START_SECONDS
        while status(self.port, "/-/ready") != 200:  # noqa: PLR2004 - HTTP's OK
            if server.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise PrometheusError(f"Prometheus does not come up, see {self._folder / 'prometheus.log'}")
            time.sleep(0.05)


def configuration(targets: Sequence[str], seconds: int) -> str:
    """The configuration of deploy/prometheus for these targets, with its rules where they are."""
    text = (RULES / "prometheus.yml").read_text(encoding="utf-8")
    listed = ", ".join(f'"{target}"' for target in targets)
    for line in (TARGETS, RULE_FILES, INTERVALS):
        if line not in text:
            raise PrometheusError(f"deploy/prometheus/prometheus.yml has no line {line.strip()!r} any more")
    text = text.replace(TARGETS, f"      - targets: [{listed}]\n")
    text = text.replace(RULE_FILES, f"  - {RULES.absolute()}/rules/*.yml\n")
    return text.replace(INTERVALS, f"  scrape_interval: {seconds}s\n  evaluation_interval: {seconds}s\n")


TARGETS = '      - targets: ["127.0.0.1:8080"]\n'
RULE_FILES = "  - rules/*.yml\n"
INTERVALS = "  scrape_interval: 15s\n  evaluation_interval: 15s\n"


def find(program: str) -> str | None:
    """The path of `prometheus` or `promtool`, or None."""
    return shutil.which(program)


def ensure(log: Path) -> None:
    """Install the programs where they are missing. Raises PrometheusError."""
    if find("prometheus") and find("promtool"):
        return
    what = "Prometheus (once; no service is started)"
    install(what, log, "install-program.sh", "prometheus", "prometheus.service")
    if not (find("prometheus") and find("promtool")):
        raise PrometheusError(f"{ADVICE}; what was tried is in {log}")


def main() -> None:
    """Makes sure that tests will find the programs; where they cannot be had, says that such tests are skipped."""
    try:
        ensure(Path(".run") / "install.log")
    except PrometheusError as missing:
        print(f"{missing}; what needs one is not tested", file=sys.stderr)


if __name__ == "__main__":
    main()
