"""What the image would hold, without a container: the wheel and the locked requirements in an environment of their
own, run as the image runs them."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.image import ROOT, ImageError, ensure, install
from deploy.local.samples import FOLDER
from deploy.local.stack import Stack, configuration, free_port, status, toml
from gateway import platform
from tests.support.outside import until

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")

NO_WRITABLE_CODE = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE, where the kernel knows it: MemoryDenyWriteExecute of the units
os.execv(sys.argv[1], sys.argv[1:])
"""


def run(*command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=cwd)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def image() -> Path:
    """The folder that is /opt/gateway in the image; skips the test where it cannot be had."""
    try:
        home = ensure()
    except ImageError as missing:
        pytest.skip(str(missing))
    install(home)
    return home


def image_environment(home: Path, **changes: str) -> dict[str, str]:
    """The variables of the Dockerfile, with nothing of ours."""
    block = re.findall(r"^ENV ((?:.*\\\n)*.*)$", DOCKERFILE, flags=re.MULTILINE)[-1]
    given = dict(word.split("=", 1) for word in shlex.split(block.replace("\\\n", " ")))
    given["PATH"] = f"{home / 'bin'}:{os.environ['PATH']}"
    return {**given, **changes}


@contextmanager
def started(home: Path, folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[None]:
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        command = [sys.executable, "-c", NO_WRITABLE_CODE, str(home / "bin" / "gateway"), *arguments]
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            yield
            assert process.poll() is None, log.name
        finally:
            process.terminate()
            assert process.wait(25) == 0


@pytest.mark.timeout(300)  # the first time it installs
async def test_the_wheel_with_the_locked_requirements_runs_as_the_image_would(
    image: Path, vhost_url: str, tmp_path: Path
) -> None:
    running = Stack(
        tmp_path / "gateway.toml", free_port(), free_port(), tuple(platform.names()), "synthetic-password"
    )
    running.config.write_text(toml(configuration(running, tmp_path, vhost_url)), encoding="utf-8")
    port = str(running.http_port)
    environment = image_environment(
        image, GATEWAY_CONFIG=str(running.config), GATEWAY_HTTP__HOST="127.0.0.1", GATEWAY_HTTP__PORT=port
    )
    (command,) = re.findall(r'^CMD \["(\w+)"\]$', DOCKERFILE, flags=re.MULTILINE)
    sample = str(min(FOLDER.glob("gd_driving/*.json")))
    with (
        started(image, tmp_path, environment, "sandbox", "--port", str(running.sandbox_port)),
        started(image, tmp_path, environment, command),
    ):
        await until(lambda: status(running.http_port, "/readyz") == 200, seconds=60, what="readiness")
        shown = run(image / "bin" / "gateway", "publish", sample, "--wait", "30", env=environment, cwd=tmp_path)
        assert "accepted" in shown
        health = re.search(r'^    CMD (\["python".*\])$', DOCKERFILE, flags=re.MULTILINE)
        assert health is not None
        words = json.loads(health[1])
        run(image / "bin" / words[0], *words[1:], env=environment)
    logged = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert '"event":"gateway.stopped"' in logged


def test_the_wheel_brings_its_data_and_nothing_but_the_three_packages(image: Path) -> None:
    listed = run(image / "bin" / "python", "-m", "pip", "show", "--files", "provincial-gateway")
    files = {line.strip() for line in listed.splitlines() if line.startswith("  ")}
    for folder in ("gateway", "workers", "schemas"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert str(file.relative_to(ROOT)) in files
    assert {file.split("/")[0] for file in files} - {".."} <= {
        "gateway", "workers", "schemas", "provincial_gateway-0.1.0.dist-info",
    }  # fmt: skip
