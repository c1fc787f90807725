"""The one connection by which events that came over HTTP reach the broker."""

import pytest
from aio_pika.abc import AbstractConnection

from gateway.broker import NackedError, Outgoing, connect
from gateway.http_events import sending
from gateway.http_events.sending import KeptPublisher
from gateway.settings import Broker

QUEUE = "tests.sending"


@pytest.mark.parametrize(("trusted", "connections"), [(60, 1), (0, 2)])
async def test_a_refusal_is_the_queues_own_on_a_new_connection_and_tried_on_another_once_it_is_old(
    vhost_url: str, monkeypatch: pytest.MonkeyPatch, trusted: int, connections: int
) -> None:
    monkeypatch.setattr(sending, "TRUSTED_SECONDS", trusted)
    opened = []

    async def prepare(connection: AbstractConnection) -> None:
        opened.append(connection)

    full: dict[str, int | str] = {"x-max-length": 1, "x-overflow": "reject-publish"}
    async with connect(Broker(url=vhost_url), "a test") as connection:
        queue = await (await connection.channel()).declare_queue(QUEUE, durable=True, arguments={**full})
        kept = KeptPublisher(Broker(url=vhost_url), prepare)
        event = Outgoing("", QUEUE, b"x", {})
        await kept.publish(event)
        with pytest.raises(NackedError):
            await kept.publish(event)
        await queue.purge()
        await kept.publish(event)
        await kept.close()
        assert len(opened) == connections
