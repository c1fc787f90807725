"""The `gateway` command as real processes: those that end, and those that stay."""

import asyncio
import json
import os
import sys
import urllib.request
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import stack
from deploy.local.stack import free_port

COMMAND_SECONDS = 40


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it wrote, read as JSON."""
        return json.loads(self.out)


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """Ours, without what would configure the gateway behind the test's back."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return {**kept, "COLUMNS": "160", "NO_COLOR": "1", **changes}


async def start(folder: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Process:
    """Start `gateway …` in a folder whose gateway.toml it finds by itself."""
    command = (sys.executable, "-m", "gateway", *arguments)
    return await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder, env=environment(variables or {})
    )


async def gateway(
    folder: Path, *arguments: str, stdin: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """Run `gateway …` to its end, with these environment variables besides."""
    process = await start(folder, *arguments, variables=variables)
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            out, err = await process.communicate(stdin)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


class Server:
    """A `gateway` process that stays, its HTTP side on a port of its own, its log in a file."""

    def __init__(self, process: stack.Process, port: int, log: Path) -> None:
        self._process = process
        self._log = log
        self.port = port

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def logged(self) -> list[dict[str, Any]]:
        """Its log, line by line."""
        return [json.loads(line) for line in self.log.splitlines()]

    async def status(self, path: str) -> int | None:
        """The HTTP status of a GET; None where nobody answers."""
        return await asyncio.to_thread(stack.status, self.port, path)

    async def get(self, path: str) -> str:
        """The body of a GET that is answered 200."""
        return await asyncio.to_thread(self._get, path)

    def _get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as response:
            text: str = response.read().decode()
            return text

    async def sample(self, name: str, **labels: str) -> float:
        """The value of a metric, summed over the labels that are not given; 0 where it has none."""
        lines = (await self.get("/metrics")).splitlines()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        meant = [line for line in lines if line.split("{")[0].split(" ")[0] == name]
        return sum(float(line.rsplit(" ", 1)[1]) for line in meant if all(pair in line for pair in wanted))

    async def stop(self) -> int:
        """SIGTERM; its exit code."""
        return await asyncio.to_thread(self._process.stop)

    async def kill(self) -> None:
        """End it like a power cut."""
        await asyncio.to_thread(self._process.kill)


@asynccontextmanager
async def server(
    folder: Path, *arguments: str, ready: str | None = "/readyz", **variables: str
) -> AsyncIterator[Server]:
    """Run `gateway …` on the folder's gateway.toml; the block begins once `ready` is answered 200."""
    port = free_port()
    log = folder / f"gateway-{port}.log"
    variables = {"GATEWAY_HTTP__PORT": str(port), "GATEWAY_LOG__FORMAT": "json", **variables}
    process = stack.Process([*arguments, "--config", str(folder / "gateway.toml")], log, variables)
    running = Server(process, port, log)
    try:
        if ready is not None:
            await asyncio.to_thread(process.await_answer, port, ready)
        yield running
    finally:
        await running.stop()
