"""RabbitMQ: connecting, and publishing so that a message is somewhere before its predecessor is acknowledged."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, assert_never

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.exceptions import ConnectionClosed
from pamqp.commands import Basic
from yarl import URL

from gateway.amqp.confirming import Confirming, Fate
from gateway.amqp.corking import corked
from gateway.errors import UnavailableError
from gateway.settings import Broker

CONNECT_SECONDS = 10.0
CLOSE_SECONDS = 5.0

CONNECTION_ERRORS = (
    AMQPError,
    ChannelInvalidStateError,
    ConnectionClosed,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""What a broker that is away, or goes away, raises."""


def has_gone(error: BaseException) -> bool:
    """Whether it says that the broker went away: aiormq ends what waits on a channel also with a bare Exception."""
    return isinstance(error, CONNECTION_ERRORS) or type(error) is Exception


class BrokerAwayError(UnavailableError):
    """The broker cannot be reached, or does not let us in."""


class NotPublishedError(UnavailableError):
    """The broker did not take the message: refused, no answer, or the connection went away."""


class NackedError(NotPublishedError):
    """The broker answers, and does not take the message: its queue is full, say."""


class UnroutableError(NotPublishedError):
    """The broker answers, but no queue is bound for this routing key."""


@asynccontextmanager
async def connect(broker: Broker, name: str) -> AsyncIterator[AbstractConnection]:
    """A plain connection to any node: when it breaks, everything on it ends and its owner starts anew.

    Raises BrokerAwayError when no node lets us in, or for a connection that goes away and does not say why.
    """
    connection = await _open(broker, name)
    try:
        yield connection
    except Exception as error:
        if type(error) is Exception:
            raise BrokerAwayError("the connection to the broker has closed") from error
        raise
    finally:
        with suppress(TimeoutError):  # a peer that is gone does not answer; the socket is closed all the same
            await asyncio.wait_for(connection.close(), CLOSE_SECONDS)


async def _open(broker: Broker, name: str) -> AbstractConnection:
    failures = []
    nodes = _nodes(broker)
    for node in random.sample(nodes, len(nodes)):  # so that they share the load, and a dead one delays few
        url = node.update_query(heartbeat=str(broker.heartbeat_seconds), name=name)
        try:
            return await aio_pika.connect(url, timeout=CONNECT_SECONDS)
        except CONNECTION_ERRORS as error:
            address = f"{url.host}:{url.port or 5672}"
            failures.append(f"the broker at {address} cannot be reached: {type(error).__name__}")
    raise BrokerAwayError("; ".join(failures))


def _nodes(broker: Broker) -> list[URL]:
    """The address of every node; the other ones differ from the first in host and port alone."""
    first = URL(broker.url)
    others = [URL(f"//{node}") for node in broker.other_nodes]
    return [first, *(first.with_host(str(other.host)).with_port(other.port or first.port) for other in others)]


async def open_channel(connection: AbstractConnection, **options: bool) -> AbstractChannel:
    """A new channel. Raises BrokerAwayError on a connection that has closed, also a moment ago."""
    try:
        return await connection.channel(**options)
    except RuntimeError as error:  # the client library's way to say so
        raise BrokerAwayError("the connection to the broker has closed") from error


class Outgoing(NamedTuple):
    """A message to publish. `properties` are AMQP's basic properties by pamqp's names, headers among them."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Mapping[str, Any]


class Publisher:
    """Publishes persistent, mandatory and confirmed, on a channel of its own."""

    def __init__(self, confirming: Confirming) -> None:
        self._confirming = confirming

    @classmethod
    async def open(cls, connection: AbstractConnection) -> "Publisher":
        """A publisher on a new channel of the connection."""
        return cls(Confirming(await corked(await open_channel(connection, publisher_confirms=True))))

    async def publish(self, outgoing: Outgoing) -> None:
        """Return once the broker has the message in a queue. Raises NotPublishedError or UnroutableError."""
        properties = Basic.Properties(delivery_mode=2, **outgoing.properties)
        where, key = outgoing.exchange, outgoing.routing_key
        match await self._confirming.publish(where, key, outgoing.body, properties):
            case Fate.TAKEN:
                return
            case Fate.RETURNED:
                raise UnroutableError(f"no queue takes {key!r} on {where!r}")
            case Fate.REFUSED:
                raise NackedError(f"the broker refused a message for {where!r}")
            case Fate.CLOSED:
                raise NotPublishedError("no confirm from the broker: the connection has closed")
            case Fate.SILENCE:
                raise NotPublishedError("no confirm from the broker in time")
            case unreachable:
                assert_never(unreachable)
