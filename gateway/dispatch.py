"""What leaves for the broker when an event is settled: its place on the ladder, its result, its dead letter."""

from collections.abc import Mapping
from typing import Any

import structlog

from gateway import metrics, results, topology, tracing
from gateway.broker import Outgoing, Publisher, UnroutableError
from gateway.ledger import Record
from gateway.parcel import Parcel
from gateway.topology import Names
from schemas import dead_letters
from schemas.envelope import CONTENT_TYPE

log = structlog.get_logger()


class Dispatch:
    """Publishes for one account. Everything returns once the broker has confirmed; raises NotPublishedError."""

    def __init__(self, names: Names, publisher: Publisher) -> None:
        self._names = names
        self._publisher = publisher

    async def to_the_ladder(self, parcel: Parcel, seconds: int, changed: Mapping[str, Any]) -> None:
        """The event waits there for so many seconds, with the `changed` headers (schemas.dead_letters)."""
        place = {dead_letters.POSITION: parcel.position if parcel.lane else None}
        kept = {dead_letters.FIRST_SEEN: parcel.first_seen, **place, **changed, **_begun_here(parcel)}
        properties = parcel.delivery.travelling(kept)
        rung, key = topology.rung_name(seconds), self._names.key(parcel.about.operation)
        with tracing.span("publish to the ladder", "producer"):
            await self._publisher.publish(Outgoing(rung, key, parcel.delivery.body, properties))

    async def dead_letter(self, parcel: Parcel, record: Record) -> None:
        """Its dead letter, where its record says that it died."""
        if record.category is None:
            return
        outgoing = Outgoing(
            topology.DEAD,
            self._names.key(parcel.about.operation),
            parcel.delivery.body,
            parcel.delivery.travelling({**results.dead_headers(parcel.about, record), **_begun_here(parcel)}),
        )
        with tracing.span("publish dead letter", "producer"):
            await self._publisher.publish(outgoing)

    async def result(self, parcel: Parcel, record: Record) -> None:
        """Its result, to who asked for a reply, who may be waiting, and then to everybody."""
        body = results.event(self._names, parcel.about, record, tracing.headers(parcel.trace))
        key = f"{self._names.key(parcel.about.operation)}.{record.outcome}"
        reply_to = parcel.delivery.properties.get("reply_to")
        if reply_to:
            await self._send("", reply_to, body, parcel)
        await self._send(topology.RESULTS, key, body, parcel)

    async def _send(self, exchange: str, key: str, body: bytes, parcel: Parcel) -> None:
        """A result that nobody is there to take is not lost: the ledger has it, and gives it again when asked."""
        with tracing.span("publish result", "producer"):
            try:
                await self._publisher.publish(Outgoing(exchange, key, body, _said_of_result(parcel)))
            except UnroutableError:
                metrics.RESULTS_UNROUTED.labels(self._names.platform, self._names.account).inc()
                log.debug("result.unrouted", exchange=exchange, id=parcel.about.event_id)


def _said_of_result(parcel: Parcel) -> dict[str, Any]:
    """The properties of its message; the trace is that of the span under way."""
    return {
        "content_type": CONTENT_TYPE,
        "correlation_id": results.short(parcel.about.event_id) or parcel.delivery.properties.get("correlation_id"),
        "headers": tracing.headers(parcel.trace),
    }


def _begun_here(parcel: Parcel) -> dict[str, str]:
    """The trace of an event that came without one, so that its later attempts and its dead letter belong to it."""
    return {} if parcel.trace else tracing.headers(None)
