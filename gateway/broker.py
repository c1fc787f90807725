"""RabbitMQ: connecting, and publishing so that a message is somewhere before its predecessor is acknowledged."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aio_pika
import aiormq
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError, DeliveryError, PublishError
from aiormq.exceptions import ConnectionClosed
from pamqp.commands import Basic
from yarl import URL

from gateway.corking import corked
from gateway.errors import UnavailableError
from gateway.settings import Broker

CONNECT_SECONDS = 10.0
CONFIRM_SECONDS = 30.0
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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `properties` are AMQP's basic properties by pamqp's names, headers among them."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Mapping[str, Any]


class Publisher:
    """Publishes persistent, mandatory and confirmed, on a channel of its own."""

    def __init__(self, channel: aiormq.Channel) -> None:
        self._channel = channel
        self._under_way: dict[str, asyncio.Future[None]] = {}

    @classmethod
    async def open(cls, connection: AbstractConnection) -> "Publisher":
        """A publisher on a new channel of the connection."""
        return cls(await corked(await open_channel(connection, publisher_confirms=True, on_return_raises=True)))

    async def publish(self, outgoing: Outgoing) -> None:
        """Return once the broker has the message in a queue. Raises NotPublishedError or UnroutableError.

        The client library tells returned messages apart by `message_id` alone, so two of the same id
        never wait for their confirms at once.
        """
        properties = Basic.Properties(delivery_mode=2, **outgoing.properties)
        identity = properties.message_id
        while identity in self._under_way:
            await asyncio.wait([self._under_way[identity]])
        if identity is None:
            return await self._send(outgoing, properties)
        done = self._under_way[identity] = asyncio.get_running_loop().create_future()
        try:
            return await self._send(outgoing, properties)
        finally:
            del self._under_way[identity]
            done.set_result(None)

    async def _send(self, outgoing: Outgoing, properties: Basic.Properties) -> None:
        """On the library's lower level, whose messages cost a third; many wait for their confirms at once."""
        try:
            await self._channel.basic_publish(
                outgoing.body,
                exchange=outgoing.exchange,
                routing_key=outgoing.routing_key,
                properties=properties,
                mandatory=True,
                timeout=CONFIRM_SECONDS,
                wait=False,
            )
        except PublishError as error:
            raise UnroutableError(f"no queue takes {outgoing.routing_key!r} on {outgoing.exchange!r}") from error
        except DeliveryError as error:
            raise NotPublishedError(f"the broker refused a message for {outgoing.exchange!r}") from error
        except Exception as error:
            if not has_gone(error):
                raise
            raise NotPublishedError(f"no confirm from the broker: {type(error).__name__}") from error
