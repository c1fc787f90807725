"""A broker of several nodes: whoever is gone is passed over."""

from yarl import URL

from deploy.local.stack import free_port
from gateway.broker import connect
from gateway.settings import Broker


async def test_a_node_that_is_gone_is_passed_over(vhost_url: str) -> None:
    gone = URL(vhost_url).with_port(free_port())
    broker = Broker(
        url=str(gone), other_nodes=(f"127.0.0.1:{free_port()}", URL(vhost_url).authority.rpartition("@")[2])
    )
    for _ in range(5):  # the order is left to chance
        async with connect(broker, "test") as connection:
            await connection.channel()
