"""The real gateway as real processes, each with an address and proxies of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

from deploy.local.runtimes import free_ports
from tests.faults.oracle.numbered import ACCOUNT, PLATFORM
from tests.faults.oracle.platform import APP_ID, SECRET
from tests.faults.oracle.proxy import HOST, Proxy

LADDER = (1, 2, 4)
READY_SECONDS = 90
STOP_SECONDS = 30

CONFIGURATION = """
[broker]
url = "{broker}"
heartbeat_seconds = 2
[ledger]
url = "sqlite:///{ledger}"
[http]
host = "127.0.0.1"
port = 0
[retry]
ladder_seconds = {ladder}
[platforms.{platform}.{account}]
base_url = "http://127.0.0.1:{port}"
app_id = "{app_id}"
secret = "{secret}"
source_address = "{address}"
max_in_flight = 20
timeout_seconds = 2
pause_seconds = 1
forced_logins = 100
"""


class ProcessError(Exception):
    """A gateway process is not as it should be; the message says how, and names its log."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every gateway process of a run shares; `variables` go into its environment."""

    broker_url: str
    platform_port: int
    folder: Path
    ledger: Path
    variables: Mapping[str, str]


class Gateway:
    """One gateway process after the other at one address: the n-th of those that share an account."""

    def __init__(self, number: int, around: Surroundings) -> None:
        self._number = number
        self._around = around
        self._popen: subprocess.Popen[bytes] | None = None
        self._http = 0
        self.address = f"127.0.0.{number + 2}"
        self.broker = Proxy(urlsplit(around.broker_url).port or 5672, frames=True)
        self.platform = Proxy(around.platform_port)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def ended(self) -> str | None:
        """How the process ended by itself, where it did."""
        if self._popen is None or self._popen.poll() is None:
            return None
        return f"the process at {self.address} ended by itself with {self._popen.returncode}, see {self._log}"

    async def open(self) -> None:
        """Open the proxies and write the configuration."""
        await self.broker.open()
        await self.platform.open()
        self.config.write_text(self._configuration(), encoding="utf-8")

    async def close(self) -> None:
        """End what still runs."""
        if self.alive:
            await self.kill()
        await self.broker.close()
        await self.platform.close()

    @property
    def config(self) -> Path:
        """Its configuration file."""
        return self._around.folder / f"gateway-{self._number}.toml"

    @property
    def _log(self) -> Path:
        return self._around.folder / f"gateway-{self._number}.log"

    def _configuration(self) -> str:
        at = urlsplit(self._around.broker_url)
        return CONFIGURATION.format(
            broker=at._replace(netloc=f"{at.username}:{at.password}@{HOST}:{self.broker.port}").geturl(),
            ledger=self._around.ledger,
            ladder=list(LADDER),
            platform=PLATFORM,
            account=ACCOUNT,
            port=self.platform.port,
            app_id=APP_ID,
            secret=SECRET,
            address=self.address,
        )

    def start(self) -> None:
        """Start the process; every second one with `gateway worker` instead of `gateway run`."""
        (self._http,) = free_ports(1)
        command = ["worker", PLATFORM] if self._number % 2 else ["run"]
        variables = {"GATEWAY_HTTP__PORT": str(self._http), "GATEWAY_LOG__FORMAT": "json"}
        self._popen = launch(
            [*command, "--config", str(self.config)], self._log, {**variables, **self._around.variables}
        )

    async def ready(self) -> None:
        """Return once it is active or stands by. Raises ProcessError."""
        deadline = monotonic() + READY_SECONDS
        while not await asyncio.to_thread(_answers, self._http):
            if self.ended is not None:
                raise ProcessError(self.ended)
            if monotonic() > deadline:
                raise ProcessError(f"the process at {self.address} is not ready, see {self._log}")
            await asyncio.sleep(0.1)

    async def kill(self) -> float:
        """End it like a power cut; its time."""
        assert self._popen is not None
        popen, self._popen = self._popen, None
        popen.kill()
        at = monotonic()
        await asyncio.to_thread(popen.wait)
        self.broker.cut()
        self.broker.trap = None
        return at

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._popen is not None
        self._popen.send_signal(number)

    async def stop(self) -> None:
        """End it in good order. Raises ProcessError when it does not end so."""
        assert self._popen is not None
        popen, self._popen = self._popen, None
        popen.terminate()
        try:
            code = await asyncio.to_thread(popen.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            popen.kill()
            raise ProcessError(f"the process at {self.address} does not end, see {self._log}") from None
        if code != 0:
            raise ProcessError(f"the process at {self.address} ended with {code}, see {self._log}")


def launch(arguments: list[str], log: Path, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A `gateway` command as a process, without what would configure it behind our back."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**kept, **variables},
            start_new_session=True,
        )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=2):
            return True
    except (OSError, HTTPException):
        return False
