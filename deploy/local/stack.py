"""Sandbox and gateway as processes on one machine, with their configuration and logs in one folder."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from importlib import import_module
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Self

import orjson

from deploy.local.runtimes import free_ports
from gateway import platform
from gateway.console.passwords import hashed

HOST = "127.0.0.1"
READY_SECONDS = 90
STOP_SECONDS = 25
CONSOLE_USER = "admin"


class StackError(Exception):
    """A process ended or did not become ready; the message names its log."""


class Process:
    """One `gateway` command. `log` gets what it writes."""

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._log = log
        with log.open("ab") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "gateway", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(environment or {})},
                cwd=cwd,
                start_new_session=True,  # Ctrl-C is for us; we end it in good order
            )

    def await_answer(self, port: int, path: str) -> None:
        """Return once `path` is answered 200. Raises StackError."""
        deadline = time.monotonic() + READY_SECONDS
        while status(port, path) != 200:  # noqa: PLR2004 - HTTP's OK
            if self.popen.poll() is not None:
                raise StackError(f"the process ended with {self.popen.returncode}, see {self._log}")
            if time.monotonic() > deadline:
                raise StackError(f"not ready within {READY_SECONDS} s, see {self._log}")
            time.sleep(0.05)

    def stop(self) -> int:
        """Ask it to end (SIGTERM), and end it the hard way after 25 s; gives its exit code."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        try:
            return self.popen.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.popen.wait()

    def kill(self) -> None:
        """End it like a power cut."""
        self.popen.kill()
        self.popen.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def status(port: int, path: str) -> int | None:
    """The HTTP status of a GET on loopback; None where nobody answers."""
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def post(port: int, path: str, body: Any) -> None:
    """POST JSON on loopback. Raises StackError for an answer other than 2xx."""
    connection = HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("POST", path, orjson.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read().decode()
        if response.status // 100 != 2:  # noqa: PLR2004 - HTTP's success
            raise StackError(f"POST {path}: {response.status} {text}")
    finally:
        connection.close()


def free_port() -> int:
    """A port of loopback that nobody listens on now, and that no outgoing connection takes meanwhile."""
    (port,) = free_ports(1)
    return port


@dataclass(frozen=True)
class Stack:
    """What runs: the configuration file, the ports, the platforms simulated."""

    config: Path
    http_port: int
    sandbox_port: int
    platforms: tuple[str, ...]
    console_password: str

    def control(self, name: str, path: str, body: Any) -> None:
        """Tell a platform's simulator something."""
        post(self.sandbox_port, f"/{name}{path}", body)


@contextmanager
def stack(folder: Path, broker_url: str) -> Iterator[Stack]:
    """Sandbox and gateway, ready, while the block runs; a fresh ledger in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("gateway.db*"):
        old.unlink()
    ports = free_port(), free_port()
    running = Stack(folder / "gateway.toml", *ports, tuple(platform.names()), token_urlsafe(9))
    running.config.write_text(toml(configuration(running, folder, broker_url)), encoding="utf-8")
    with ExitStack() as processes:
        sandbox = Process(["sandbox", "--port", str(running.sandbox_port)], folder / "sandbox.log")
        processes.enter_context(sandbox)
        sandbox.await_answer(running.sandbox_port, f"/{running.platforms[0]}/_sandbox/state")
        gateway = Process(["run", "--config", str(running.config)], folder / "gateway.log")
        processes.enter_context(gateway)
        gateway.await_answer(running.http_port, "/readyz")
        yield running


def configuration(running: Stack, folder: Path, broker_url: str) -> dict[str, Any]:
    """A configuration with an account `default` at every simulated platform and a short ladder."""
    return {
        "broker": {"url": broker_url},
        "ledger": {"url": f"sqlite:///{folder.resolve() / 'gateway.db'}"},
        "http": {"host": HOST, "port": running.http_port},
        "retry": {"ladder_seconds": [1, 2, 4, 8]},
        "console": {"users": {CONSOLE_USER: {"role": "admin", "password_hash": hashed(running.console_password)}}},
        "platforms": {
            name: {"default": demo_settings(name, f"http://{HOST}:{running.sandbox_port}/{name}", folder)}
            for name in running.platforms
        },
    }


def demo_settings(name: str, base_url: str, folder: Path) -> dict[str, Any]:
    """What an account needs to work against the platform's simulator."""
    settings: dict[str, Any] = import_module(f"workers.{name}.simulator").demo_settings(base_url, folder)
    return settings


def toml(tables: Mapping[str, Any], prefix: str = "") -> str:
    """TOML of nested tables whose leaves are text, numbers, booleans or lists of them."""
    inner = {key: value for key, value in tables.items() if isinstance(value, dict)}
    plain = [f"{_key(key)} = {orjson.dumps(value).decode()}" for key, value in tables.items() if key not in inner]
    lines = [f"[{prefix}]", *plain, ""] if prefix and plain else plain
    return "\n".join([*lines, *(toml(value, f"{prefix}.{_key(key)}".lstrip(".")) for key, value in inner.items())])


def _key(key: str) -> str:
    """A key of TOML, in quotes where it needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else orjson.dumps(key).decode()
