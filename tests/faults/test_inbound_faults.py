"""Platforms call while broker, ledger or gateway fails: whatever was answered well is on `gateway.inbound`."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.management import Management, own_vhost
from deploy.local.node import Node
from gateway.ledger import open_ledger
from gateway.outbox import Outbox
from tests.support.commands import server
from tests.support.outside import eventually, until
from tests.support.running import simulator
from tests.support.street import (
    DRIVING,
    QUEUE,
    REFUSED,
    REPEATED,
    TAKEN,
    Street,
    at,
    delivering,
    empty,
    keep,
    locked,
    other_user,
    serving,
    street,
    until_empty,
)


@pytest.fixture
def url(broker_node: Node) -> Iterator[str]:
    """A virtual host for this test alone, on the broker that one of these tests kills."""
    with own_vhost(broker_node.url, Management(broker_node.management_url or "")) as own:
        yield own.url


async def test_while_the_broker_is_down_calls_are_taken_and_come_on_in_order_when_it_is_back(
    broker_node: Node, url: str, tmp_path: Path
) -> None:
    async with street(url, tmp_path) as place:
        async with server(tmp_path, "serve") as web:
            assert await place.call_all(at(web), range(10)) == [TAKEN] * 10
            await place.has(10)
            await asyncio.to_thread(broker_node.kill)
            bodies = [place.callback(number) for number in range(10, 30)]
            assert [await place.call(at(web), body) for body in bodies] == [TAKEN] * 20
            assert [await place.call(at(web), body) for body in bodies] == [REPEATED] * 20
            assert await web.status("/readyz") == 200
            assert await web.sample("gateway_inbound_waiting", **DRIVING) == 20
            await web.kill()
        starting = asyncio.create_task(asyncio.to_thread(broker_node.start))
        async with server(tmp_path, "serve") as web:
            assert await place.call_all(at(web), range(30, 40)) == [TAKEN] * 10
            await starting
            await place.has(40)
            await eventually(lambda: empty(web), what="an empty inbox")
        assert place.signed == list(range(40))


async def test_a_gateway_killed_again_and_again_loses_no_call_of_a_platform_that_repeats(
    url: str, tmp_path: Path
) -> None:
    async with street(url, tmp_path) as place:
        platform = Persistent(place)
        calling = [asyncio.create_task(platform.keep_calling(first)) for first in range(4)]
        for _ in range(3):
            async with server(tmp_path, "serve") as web:
                platform.address = at(web)
                await asyncio.sleep(random.uniform(0.05, 0.5))
                await web.kill()
        async with server(tmp_path, "serve") as web:
            platform.address = at(web)
            await until(lambda: len(platform.taken) > 20)
            platform.enough = True
            await asyncio.gather(*calling)
            await eventually(lambda: empty(web), what="an empty inbox")
        await until(lambda: set(place.signed) == platform.taken, what="every callback")
        ids = defaultdict(set)
        for number, event in zip(place.signed, place.events, strict=True):
            ids[number].add(event["id"])
        assert {len(same) for same in ids.values()} == {1}
        assert len(set.union(*ids.values())) == len(platform.taken)


class Persistent:
    """A platform that repeats a callback until it is told that it was taken."""

    def __init__(self, place: Street) -> None:
        self.place = place
        self.address = ""
        self.taken: set[int] = set()
        self.enough = False

    async def keep_calling(self, first: int) -> None:
        """One callback after the other: numbers of its own, so that four may do it at once."""
        number = first
        while not self.enough:
            body = self.place.callback(number)
            while await self.place.call(self.address, body) not in {TAKEN, REPEATED}:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            self.taken.add(number)
            number += 4
            await asyncio.sleep(0.02)


async def test_a_ledger_that_is_locked_refuses_calls_as_their_documents_have_it_and_takes_them_later(
    url: str, tmp_path: Path
) -> None:
    async with (
        simulator() as platform,
        street(url, tmp_path, platform.base_url) as place,
        delivering(place) as ledger,
        serving(place, ledger) as address,
    ):
        body, now = place.callback(1), int(time.time())
        async with locked(tmp_path / "gateway.db"):
            assert await place.call(address, body) == REFUSED
            assert await place.invoke(address, "n1", now) == (503, 400001)
            assert await place.arrive(address, platform) == 503
        assert [await place.call(address, body) for _ in range(2)] == [TAKEN, REPEATED]
        assert [await place.invoke(address, "n1", now) for _ in range(2)] == [(200, 0), (200, 0)]
        assert await place.arrive(address, platform) == 302
        await until_empty(ledger)
        await place.has(3)
    types = {"gd_driving.training-signed", "gd_ecert.service-invoked", "gd_accounting.learner-arrived"}
    assert {event["type"] for event in place.events} == types


async def test_of_two_processes_on_one_ledger_one_delivers_for_both_and_the_other_when_it_dies(
    url: str, tmp_path: Path
) -> None:
    async with (
        street(url, tmp_path) as place,
        server(tmp_path, "serve") as first,
        server(tmp_path, "serve") as second,
    ):
        body = place.callback(0)
        codes = await asyncio.gather(*(place.call(at((first, second)[n % 2]), body) for n in range(10)))
        assert sorted(map(str, codes)) == ["0"] + ["201"] * 9
        for number in range(1, 21):
            assert await place.call(at((first, second)[number % 2]), place.callback(number)) == TAKEN
        await place.has(21)
        await eventually(lambda: empty(first), what="an empty inbox")
        holder, other = (first, second) if "inbound.published" in first.log else (second, first)
        assert "inbound.published" not in other.log
        await holder.kill()
        assert await place.call_all(at(other), range(21, 31)) == [TAKEN] * 10
        await place.has(31)
        assert place.signed == list(range(31))


async def test_what_was_taken_before_a_stop_is_delivered_before_the_end(url: str, tmp_path: Path) -> None:
    async with street(url, tmp_path) as place:
        async with delivering(place) as ledger:
            for number in range(20):
                await keep(place, ledger, number)
        assert place.signed == list(range(20))


async def test_a_call_that_the_ledger_does_not_forget_is_not_published_again_and_again(
    url: str, tmp_path: Path
) -> None:
    async with street(url, tmp_path) as place, delivering(place) as ledger:
        async with other_user(tmp_path / "gateway.db") as does:
            await does("CREATE TRIGGER full BEFORE DELETE ON inbox BEGIN SELECT RAISE(ABORT, 'no'); END")
            await keep(place, ledger, 1)
            await place.has(1)
            await asyncio.sleep(1.5)
            assert await ledger.inbox.first() is not None
            await does("DROP TRIGGER full")
        await until_empty(ledger)
        assert place.signed == [1]


async def test_a_call_that_no_queue_is_bound_for_stands_in_gateway_unrouted(url: str, tmp_path: Path) -> None:
    async with street(url, tmp_path) as place, delivering(place) as ledger:
        await place.service.channel.queue_delete(QUEUE)
        await keep(place, ledger, 1)
        await until_empty(ledger)
        (message,) = await place.service.messages("gateway.unrouted")
        assert (message.routing_key, message.message_id) == (
            "gd_driving.training-signed",
            json.loads(message.body)["id"],
        )


async def test_a_defect_of_the_delivery_ends_the_process(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with street(url, tmp_path) as place, open_ledger(place.settings.ledger.url) as ledger:
        stop = asyncio.Event()

        async def broken() -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(ledger.inbox, "first", broken)
        with pytest.raises(ZeroDivisionError):
            async with Outbox(place.settings, ledger).delivering(stop):
                await asyncio.wait_for(stop.wait(), 5)
