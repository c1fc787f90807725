"""The shared token under load, and one active worker among many."""

import asyncio
import re
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.local.stack import Process, free_port
from tests.support.outside import Outside, enrolment, outside, until
from tests.support.running import Simulator, running, settings, simulator

EVENTS = 500
TAKE_OVER_SECONDS = 5


async def test_500_events_at_concurrency_50_with_the_token_expiring_in_the_middle_take_exactly_two_logins(
    vhost_url: str, tmp_path: Path
) -> None:
    async with simulator() as platform, outside(vhost_url) as service:
        await platform.tell("faults", kind="delay", seconds=0.1)
        async with running(settings(vhost_url, tmp_path, platform.base_url, max_in_flight=50)):
            await publish(service, 0, EVENTS)
            await until(lambda: len(service.results) >= EVENTS // 2)
            await platform.tell("clock", advance=31 * 60)
            await service.ended(EVENTS)
        assert service.outcomes() == {"accepted": EVENTS}
        assert (await platform.state())["logins"] == {"succeeded": 2, "failed": 0}
        assert max(call["in_flight"] for call in await platform.calls("accountantReg")) == 50


async def test_of_three_processes_one_is_active_and_when_it_is_killed_another_takes_over_and_every_event_ends(
    vhost_url: str, tmp_path: Path
) -> None:
    async with simulator() as platform, outside(vhost_url) as service:
        await platform.tell("faults", kind="delay", seconds=0.05)
        settings(vhost_url, tmp_path, platform.base_url, max_in_flight=5)
        with three_gateways(tmp_path) as gateways:
            await until(lambda: len(holders(gateways)) == 1, what="one lease holder")
            await publish(service, 0, 200)
            await until(lambda: len(service.results) >= 50)
            (active,) = holders(gateways)
            gateways.pop(active).kill()
            await until(lambda: len(holders(gateways)) == 1, TAKE_OVER_SECONDS, "the take-over")
            await publish(service, 200, 300)
            await service.ended(300)
            assert len(holders(gateways)) == 1
        assert service.outcomes() == {"accepted": 300}
        await one_token_and_no_overlap(platform)


async def one_token_and_no_overlap(platform: Simulator) -> None:
    state = await platform.state()
    assert state["logins"] == {"succeeded": 1, "failed": 0}
    assert state["dead_token_calls"] == 0
    assert len(state["enrolments"]) == 300
    assert max(call["in_flight"] for call in await platform.calls("accountantReg")) <= 5


async def publish(service: Outside, first: int, last: int) -> None:
    await asyncio.gather(*(service.publish(enrolment(f"ticket-{number:04}")) for number in range(first, last)))


@contextmanager
def three_gateways(folder: Path) -> Iterator[dict[int, Process]]:
    """Three processes with the same configuration, by the port of their metrics."""
    with ExitStack() as stack:
        gateways: dict[int, Process] = {}
        for port in (free_port(), free_port(), free_port()):
            arguments = ["run", "--config", str(folder / "gateway.toml")]
            process = Process(arguments, folder / f"gateway-{port}.log", {"GATEWAY_HTTP__PORT": str(port)})
            gateways[port] = stack.enter_context(process)
        for port, process in gateways.items():
            process.await_answer(port, "/readyz")
        yield gateways


def holders(gateways: dict[int, Process]) -> list[int]:
    """The ports of those that say they hold the lease."""
    return [port for port in gateways if held(port)]


def held(port: int) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
        return re.search(r"^gateway_lease_held\{.*\} 1\.0$", response.read().decode(), re.MULTILINE) is not None
