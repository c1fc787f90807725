"""A bad night, in the small: a gateway and a simulated platform as processes, and dead letters of five causes."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from deploy.local.stack import HOST, Process, Stack, configuration, free_port, status, toml
from tests.console.house import USERS
from tests.support.events import cancellation, credit, verified
from tests.support.outside import Outside, enrolment, mobile_login, outside

PLATFORM = "gd_accounting"
START_SECONDS = 120
"""For a gateway on a busy machine."""

BRANCH = "branch"
"""An account that the platform does not let in."""

TICKET = "personal-ticket-%s-0123456789"
"""Looks like what learners have; must be on no page unless it is revealed."""

UNKNOWN, HELD, REJECTED, INVALID, EXHAUSTED = 8, 4, 12, 3, 2
ALL = UNKNOWN + HELD + REJECTED + INVALID + EXHAUSTED


@dataclass
class Night:
    """What runs."""

    folder: Path
    broker: str
    stack: Stack
    gateway: Process | None = None

    @property
    def console(self) -> str:
        """The console's address."""
        return f"http://{HOST}:{self.stack.http_port}/console"

    def tell(self, where: str, /, **body: Any) -> None:
        """Order something at the platform."""
        self.stack.control(PLATFORM, f"/_sandbox/{where}", body)

    def heal(self) -> None:
        """Take all faults away."""
        connection = HTTPConnection(HOST, self.stack.sandbox_port, timeout=10)
        try:
            connection.request("DELETE", f"/{PLATFORM}/_sandbox/faults")
            assert connection.getresponse().status == 200
        finally:
            connection.close()

    def verify(self, numbers: Sequence[int]) -> None:
        """The learners of these credits did what the platform missed."""
        for number in numbers:
            self.tell("verify", **verified(TICKET % f"credit-{number}"))

    def stop(self) -> None:
        """End the gateway in good order."""
        if self.gateway is not None:
            self.gateway.stop()

    def kill(self) -> None:
        """End the gateway like a power cut."""
        assert self.gateway is not None
        self.gateway.kill()

    def start(self, path: str = "/healthz") -> None:
        """Start it, also again; returns once this is answered."""
        self.gateway = Process(["run", "--config", str(self.stack.config)], self.folder / "gateway.log")
        deadline = monotonic() + START_SECONDS
        while status(self.stack.http_port, path) != 200:
            assert monotonic() < deadline, f"see {self.folder / 'gateway.log'}"
            sleep(0.1)

    def calls(self, path: str) -> list[dict[str, Any]]:
        """The platform's own record of business calls whose path ends so."""
        connection = HTTPConnection(HOST, self.stack.sandbox_port, timeout=10)
        try:
            connection.request("GET", f"/{PLATFORM}/_sandbox/calls?limit=10000")
            found: list[dict[str, Any]] = json.loads(connection.getresponse().read())["calls"]
            return [call for call in found if call["path"].endswith(path)]
        finally:
            connection.close()


@contextmanager
def night(folder: Path, broker: str) -> Iterator[Night]:
    """Everything up, and the bad night over: all dead letters stand there."""
    stack = Stack(folder / "gateway.toml", free_port(), free_port(), (PLATFORM,), "nobody logs in with it")
    tables: dict[str, Any] = configuration(stack, folder, broker)
    tables |= {"retry": {"ladder_seconds": [1]}, "console": {"users": USERS}}
    account = tables["platforms"][PLATFORM]["default"] | {"rate_per_second": 50}
    tables["platforms"][PLATFORM] = {"default": account, BRANCH: account | {"secret": "not-the-one-agreed-upon"}}
    stack.config.write_text(toml(tables), encoding="utf-8")
    with ExitStack() as running:
        sandbox = running.enter_context(
            Process(["sandbox", "--port", str(stack.sandbox_port)], folder / "sandbox.log")
        )
        sandbox.await_answer(stack.sandbox_port, f"/{PLATFORM}/_sandbox/state")
        made = Night(folder, broker, stack)
        running.callback(made.stop)
        made.start("/readyz")
        asyncio.run(_go_wrong(made))
        yield made


async def _go_wrong(made: Night) -> None:
    made.tell("faults", kind="code", code="X9999", path="accountantReg")
    made.tell("faults", kind="code", code="500", path="syncLoginInfo", times=2 * EXHAUSTED)
    async with outside(made.broker) as service:
        await _publish(service, [enrolment(TICKET % n, id=f"enrolment-{n:04}") for n in range(UNKNOWN)])
        await _publish(service, [cancellation(TICKET % n, id=f"cancel-{n:04}") for n in range(HELD)])
        await _publish(service, [credit(TICKET % f"credit-{n}", id=f"credit-{n:04}") for n in range(REJECTED)])
        await _publish(service, [mobile_login("t", id=f"login-{n:04}") | {"data": {}} for n in range(INVALID)])
        await _publish(service, [mobile_login(TICKET % f"late-{n}", id=f"login-8{n:03}") for n in range(EXHAUSTED)])
        accepted = [mobile_login(TICKET % f"good-{n}", id=f"login-9{n:03}") for n in range(5)]
        await _publish(service, accepted)
        await service.publish(enrolment(TICKET % "branch", id="enrolment-9000", account=BRANCH))
        counts: Mapping[str, int] = service.outcomes()
        assert counts == {"rejected": REJECTED + INVALID, "dead": UNKNOWN + HELD + EXHAUSTED, "accepted": 5}


async def _publish(service: Outside, events: Sequence[Mapping[str, Any]]) -> None:
    """Publish, and wait until all have ended."""
    before = service.outcomes().total()
    for event in events:
        await service.publish(event)
    await service.ended(before + len(events))
