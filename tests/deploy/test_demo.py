"""What the README promises of its two commands."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import prometheus
from deploy.local.samples import FOLDER, samples
from deploy.local.stack import status
from gateway import platform

ROOT = Path(__file__).parents[2]


def test_the_demo_shows_every_sample_as_expected_mends_one_of_each_platform_and_ends_with_0(vhost_url: str) -> None:
    command = [sys.executable, "-m", "deploy.local.demo"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(vhost_url), capture_output=True, text=True, check=False, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in platform.names():
        for event in samples(name).events:
            (row,) = (line for line in done.stdout.splitlines() if f" {event['id']} " in line and "│" in line)
            assert event["expectoutcome"] in row
            assert " yes " in row
        assert f"{samples(name).replay} is now accepted" in done.stdout


def test_up_prints_its_addresses_stays_and_leaves_nothing_running_after_ctrl_c(vhost_url: str) -> None:
    with up(vhost_url) as process:
        port = int(said(process, "metrics").rpartition(":")[2].partition("/")[0])
        assert [status(port, path) for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
        alerts = said(process, "alerts")
        assert (ROOT / said(process, "try").split()[2]).is_relative_to(FOLDER)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert status(port, "/healthz") is None
        assert prometheus.find("prometheus") is None or alerts.endswith("(Prometheus)")


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "GATEWAY_BROKER__URL": url, "PYTHONUNBUFFERED": "1", "COLUMNS": "120"}


@contextmanager
def up(url: str) -> "Iterator[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "deploy.local.up"]
    with subprocess.Popen(command, cwd=ROOT, env=environment(url), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)


def said(process: "subprocess.Popen[str]", word: str) -> str:
    """The rest of the next line it prints that begins with this word."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(word):
            return line.removeprefix(word).strip()
    raise AssertionError(f"it ended without a line that begins with {word!r}")
