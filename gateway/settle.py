"""How an event leaves: recorded, published with confirm, acknowledged, in this order and nowhere else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from uuid import NAMESPACE_URL, uuid4, uuid5

import orjson
import structlog

from gateway import metrics, topology
from gateway.broker import Outgoing, Publisher, UnroutableError
from gateway.decode import About
from gateway.ledger import Key, Ledger, Record
from gateway.masking import scrub
from gateway.message import REPLAY, Delivery
from gateway.outcome import Accepted, Dead, Final, Rejected, Retry, category_of, outcome_name
from gateway.topology import Names
from schemas import dead_letters
from schemas.envelope import CONTENT_TYPE, LONGEST
from schemas.results import Result

log = structlog.get_logger()

LONGEST_CODE = 64
LONGEST_MESSAGE = 2000
"""Characters of what a platform says that travel on: headers that fill a frame would close the connection."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event on its way out: the delivery, how to acknowledge it, what could be read of it, when we began."""

    delivery: Delivery
    ack: Callable[[], Awaitable[None]]
    about: About
    lane: str | None
    first_seen: str
    started: float


class Settler:
    """Settles the events of one account; `secrets` are the account's own, which no message may repeat."""

    def __init__(self, names: Names, publisher: Publisher, ledger: Ledger, secrets: frozenset[str]) -> None:
        self._names = names
        self._secrets = secrets
        self._publisher = publisher
        self._ledger = ledger

    def key(self, parcel: Parcel) -> Key | None:
        """Under which name the ledger knows the event; None where its id or source could not be read."""
        event_id, source = parcel.about.event_id, parcel.about.source
        if event_id is None or source is None:
            return None
        return Key(self._names.platform, self._names.account, source, event_id)

    async def finish(self, parcel: Parcel, final: Final, attempts: int) -> None:
        """The event has ended: record it, publish its result and its dead letter, acknowledge it."""
        record = self._record(parcel, final, attempts)
        if self.key(parcel) is not None:
            await self._ledger.record(record)
        if not parcel.about.interactive:
            await self._bury(parcel, record)
        await self._answer(parcel, record)
        await parcel.ack()
        self._observe(parcel, record)

    async def again(self, parcel: Parcel, record: Record) -> None:
        """The event had ended before: publish the recorded result again.

        A redelivered one may have died between record and dead letter, so that is published again too;
        one that was published twice has its dead letter already.
        """
        if parcel.delivery.redelivered and not parcel.about.interactive:
            await self._bury(parcel, record)
        await self._answer(parcel, record)
        await parcel.ack()
        self._log(parcel, record, "event.repeated")

    async def delay(self, parcel: Parcel, failure: Retry, attempts: int, seconds: int, deadline: int | None) -> None:
        """The attempt failed and the event waits on the ladder; `deadline` is an interactive one's, epoch ms."""
        record = self._record(parcel, failure, attempts)
        await self._ledger.record(record)
        properties = parcel.delivery.travelling(
            {
                dead_letters.ATTEMPTS: attempts,
                dead_letters.FIRST_SEEN: parcel.first_seen,
                dead_letters.DEADLINE: deadline,
            }
        )
        rung = topology.rung_name(seconds)
        key = self._names.key(parcel.about.operation)
        await self._publisher.publish(Outgoing(rung, key, parcel.delivery.body, properties))
        await parcel.ack()
        metrics.RETRIES.labels(self._names.platform, self._names.account, parcel.about.operation).inc()
        self._log(parcel, record, "event.delayed", delay_s=seconds)

    def _record(self, parcel: Parcel, ending: Final | Retry, attempts: int) -> Record:
        final = None if isinstance(ending, Retry) else ending
        category = category_of(final) if final else None
        return Record(
            key=self.key(parcel) or Key(self._names.platform, self._names.account, "", ""),
            operation=parcel.about.operation,
            outcome=outcome_name(final) if final else None,
            category=category.value if category else None,
            code=_cut(ending.code, LONGEST_CODE),
            message=_cut(scrub(ending.message, parcel.about.secrets | self._secrets), LONGEST_MESSAGE) or "",
            duplicate=isinstance(final, Accepted) and final.duplicate,
            attempts=attempts,
            response=dict(final.response)
            if isinstance(final, Accepted | Rejected | Dead) and final.response
            else None,
            first_seen=parcel.first_seen,
            updated_at=_now(),
            replay=parcel.delivery.replay,
            lane=self._ledger.hashed(parcel.lane) if parcel.lane else None,
        )

    async def _bury(self, parcel: Parcel, record: Record) -> None:
        if record.category is None:
            return
        headers = {
            dead_letters.CATEGORY: record.category,
            dead_letters.CODE: record.code,
            dead_letters.REASON: record.message,
            dead_letters.ATTEMPTS: record.attempts,
            dead_letters.FIRST_SEEN: record.first_seen,
            dead_letters.DEAD_AT: record.updated_at,
            dead_letters.EVENT_ID: _cut(parcel.about.event_id, LONGEST),
            dead_letters.LANE: record.lane,
            REPLAY: None,
        }
        outgoing = Outgoing(
            topology.DEAD,
            self._names.key(parcel.about.operation),
            parcel.delivery.body,
            parcel.delivery.travelling(headers),
        )
        await self._publisher.publish(outgoing)

    async def _answer(self, parcel: Parcel, record: Record) -> None:
        body = self._result(parcel, record)
        key = f"{self._names.key(parcel.about.operation)}.{record.outcome}"
        await self._send(topology.RESULTS, key, body, parcel)
        reply_to = parcel.delivery.properties.get("reply_to")
        if reply_to:
            await self._send("", reply_to, body, parcel)

    async def _send(self, exchange: str, key: str, body: bytes, parcel: Parcel) -> None:
        """A result that nobody is there to take is not lost: the ledger has it, and gives it again when asked."""
        trace = {n: v for n, v in parcel.delivery.headers.items() if n in {"traceparent", "tracestate"}}
        properties = {
            "content_type": CONTENT_TYPE,
            "correlation_id": _short(parcel.about.event_id) or parcel.delivery.properties.get("correlation_id"),
            "message_id": uuid4().hex,
            "headers": trace,
        }
        try:
            await self._publisher.publish(Outgoing(exchange, key, body, properties))
        except UnroutableError:
            metrics.RESULTS_UNROUTED.labels(self._names.platform, self._names.account).inc()
            log.debug("result.unrouted", exchange=exchange, id=parcel.about.event_id)

    def _result(self, parcel: Parcel, record: Record) -> bytes:
        data = Result(
            event_id=parcel.about.event_id,
            outcome=record.outcome,
            category=record.category,
            code=record.code,
            message=record.message,
            duplicate=record.duplicate,
            attempts=record.attempts,
            response=record.response,
            finished_at=datetime.fromisoformat(record.updated_at),
        )
        identity = f"{parcel.about.source} {parcel.about.event_id} {record.replay} {record.updated_at}"
        event = {
            "specversion": "1.0",
            "id": str(uuid5(NAMESPACE_URL, identity)),
            "source": f"/gateway/{self._names.platform}/{self._names.account}",
            "type": f"{self._names.platform}.{parcel.about.operation}.{record.outcome}",
            "subject": parcel.about.subject,
            "time": record.updated_at,
            "datacontenttype": "application/json",
            "account": self._names.account,
            "data": data.model_dump(mode="json"),
        }
        return orjson.dumps({name: value for name, value in event.items() if value is not None})

    def _observe(self, parcel: Parcel, record: Record) -> None:
        labels = (self._names.platform, self._names.account, parcel.about.operation)
        metrics.EVENTS_SETTLED.labels(*labels, record.outcome, record.category or "").inc()
        if parcel.about.happened_at is not None:
            age = datetime.now(UTC).timestamp() - parcel.about.happened_at.timestamp()
            metrics.EVENT_AGE.labels(*labels).observe(max(0.0, age))
        self._log(parcel, record, "event.settled")

    def _log(self, parcel: Parcel, record: Record, event: str, **fields: int) -> None:
        log.info(
            event,
            id=parcel.about.event_id,
            type=f"{self._names.platform}.{parcel.about.operation}",
            account=self._names.account,
            outcome=record.outcome or "retry",
            category=record.category,
            code=record.code,
            attempt=record.attempts,
            milliseconds=round((perf_counter() - parcel.started) * 1000, 1),
            **fields,
        )


def _short(value: str | None) -> str | None:
    """AMQP's short string: at most 255 bytes. A longer id was refused, and stands whole in the result."""
    return value if value is None or len(value.encode()) <= LONGEST else None


def _cut(text: str | None, longest: int) -> str | None:
    return text if text is None or len(text) <= longest else text[: longest - 1] + "…"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
