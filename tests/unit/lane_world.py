"""A gateway, its broker, its ledger and its platform without any I/O: every step of theirs is taken by the test.

Jobs, settler, lanes, gate, pace and order are the real ones. The broker, the ledger and the platform are models:
each thing asked of them stands in `World.asked` until the test has it done, and answered, or the process killed.
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Literal, cast

from pydantic import BaseModel

from gateway import topology
from gateway.account import Account, AccountSettings
from gateway.broker import NotPublishedError, Outgoing, Publisher
from gateway.courtesy import Courtesy
from gateway.dead_letters import Letter
from gateway.desk import Desk
from gateway.gate import Closing, Gate
from gateway.job import EventJob
from gateway.lanes import Lanes
from gateway.lease import Lease
from gateway.ledger import Ahead, Buried, Entry, Key, Ledger, LedgerError, Record, Standing
from gateway.message import REPLAY, Delivery
from gateway.outcome import Accepted, Category, Dead, Ending, Paused, Retry
from gateway.pace import Pace
from gateway.platform import AfterDeath, Operation, Repeat
from gateway.settle import Settler
from gateway.steps import Steps
from gateway.tally import Counted
from gateway.topology import Names
from gateway.transport import AnswerLostError, NotSentError

ACCOUNT = Account("toy_land", "default", AccountSettings(max_in_flight=3))
NAMES = Names("toy_land", "default")
LADDER = (5, 30)
PREFETCH = 5
ROOM = 1
START = 1_700_000_000.0

Source = Literal["bulk", "due"]
Verdict = Literal["accepted", "dead", "retry", "silent", "unreached", "paused"]
ENDINGS: dict[Verdict, Ending | Exception] = {
    "accepted": Accepted("200"),
    "dead": Dead("400", "no", Category.UNKNOWN),
    "retry": Retry("500", "busy"),
    "silent": AnswerLostError("timeout"),
    "unreached": NotSentError("refused"),
    "paused": Paused("A0508", "closed", 1.0),
}


@dataclass
class Asked:
    """Something asked for: not done yet, or done and not answered yet. `event`: whose message, to be published."""

    what: str
    do: Callable[[], Any]
    answer: "asyncio.Future[Any]"
    event: str
    result: Any = None
    done: bool = False


class Data(BaseModel):
    """What the events of this world carry."""

    n: int


@dataclass(eq=False)
class Message:
    """A message at the broker. `due` on the ladder only."""

    body: bytes
    headers: dict[str, Any] = field(default_factory=dict)
    redelivered: bool = False
    due: float = 0.0
    seconds: int = 0

    @property
    def event(self) -> str:
        """Which event it carries."""
        return str(json.loads(self.body)["id"])


class MemoryLedger:
    """The ledger's tables as dictionaries; see test_lanes_machine for how it is held to the real one."""

    def __init__(self) -> None:
        self.rows: dict[Key, Record] = {}

    def hashed(self, value: str) -> str:
        return value

    def look(self, key: Key | None, lane: str | None) -> Standing:
        blocking = [row for row in self.rows.values() if lane and row.lane == lane and row.blocks]
        heads = sorted(blocking, key=lambda row: row.position or 0)[:1]
        first = [Ahead(h.key, h.position or 0, h.blocks or "waits", h.due_at, len(blocking)) for h in heads]
        return Standing(self.rows.get(key) if key else None, first[0] if first else None)

    def record(self, record: Record) -> None:
        if record.key not in self.rows or self.rows[record.key].epoch <= record.epoch:
            self.rows[record.key] = record

    def stand(self, records: Iterable[Record]) -> None:
        for record in records:
            had = self.rows.setdefault(record.key, record)
            ended = had.outcome not in {None, "accepted"} and had.epoch <= record.epoch
            if ended and (record.replay or "") > (had.replay or ""):
                self.rows[record.key] = record._replace(position=had.position or record.position)

    def lift(self, key: Key) -> None:
        if key in self.rows:
            self.rows[key] = self.rows[key]._replace(blocks=None)

    def last_position(self) -> int:
        return max((row.position or 0 for row in self.rows.values() if row.blocks), default=0)


class World:
    """What the test acts on. Nothing moves but by its methods; what goes wrong stands in `violations`."""

    def __init__(self, operations: dict[str, Operation]) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = START
        self.operations = operations
        self.ledger = MemoryLedger()
        self.queues: dict[Source, list[Message]] = {"bulk": [], "due": []}
        self.ladder: list[Message] = []
        self.dead: list[Message] = []
        self.asked: list[Asked] = []
        self.violations: list[str] = []
        self.on_call: Callable[[str], Verdict] = lambda event: "accepted"
        self.on_query: Callable[[str], bool] = lambda event: False
        self.on_record: Callable[[Record], None] = lambda record: None
        self.on_crash: Callable[[], None] = lambda: None
        self.unacked: dict[int, tuple[Source, Message]] = {}
        self.tasks: dict[asyncio.Task[None], EventJob] = {}
        self.lost = False
        self._tags = count()
        self._epochs = count(1)
        self._begin_session()

    # --- the process

    def _begin_session(self) -> None:
        self.lost = False
        self.gate = Gate(lambda state: None, 60.0, lambda: self.now)
        ledger = cast(Ledger, _AskedLedger(self))
        publisher = cast(Publisher, _AskedPublisher(self))
        settler = Settler(NAMES, publisher, ledger, frozenset(), next(self._epochs), lambda error: None)
        self._desk = Desk(
            account=ACCOUNT,
            names=NAMES,
            operations=self.operations,
            client=None,
            ledger=ledger,
            settler=settler,
            lanes=Lanes(ROOM),
            positions=count(self.first_position()).__next__,
            pace=Pace(ACCOUNT.settings, Courtesy()),
            gate=self.gate,
            lease=cast(Lease, _Sure()),
            ladder=LADDER,
            halt=self._halt,
            settled=lambda: True,
        )

    def first_position(self) -> int:
        """As the worker counts."""
        return max(self.ledger.last_position(), int(self.now * 1000)) + 1

    async def _halt(self, why: Closing) -> None:
        self.gate.close(why)

    @property
    def closing(self) -> bool:
        """Whether the worker is about to close its intake: nothing is delivered any more."""
        return self.lost or self.gate.closed.is_set()

    def close(self) -> None:
        """As Intake.close: what was not begun is cancelled."""
        for task, job in self.tasks.items():
            if not job.begun:
                task.cancel()
        self.settle()

    def reopen(self) -> None:
        """Once everything begun has ended: return the rest, and consume again; a lost session begins anew."""
        assert not self.tasks
        self._return_all()
        self._desk = replace(self._desk, lanes=Lanes(ROOM))
        if self.lost:
            self._begin_session()
        else:
            self.now += self.gate.seconds_left()
            self.gate.open()

    def crash(self) -> None:
        """The process is killed: what was asked for and not done is never done."""
        self.asked.clear()
        for task in self.tasks:
            task.cancel()
        self.settle()
        assert not self.tasks
        self.on_crash()
        self._return_all()
        self._begin_session()

    def settle(self) -> None:
        """Let every task run until it waits."""

        async def rest() -> None:
            for _ in range(6):
                await asyncio.sleep(0)

        self.loop.run_until_complete(rest())

    def end(self) -> None:
        """Let nothing of this world stay behind."""
        self.asked.clear()
        for task in self.tasks:
            task.cancel()
        self.settle()
        self.loop.close()

    # --- the broker

    def publish(self, event: str, lane: str, operation: str) -> None:
        """An internal service publishes."""
        body = {
            "specversion": "1.0",
            "id": event,
            "source": "/s",
            "type": f"toy_land.{operation}",
            "subject": lane,
            "data": {"n": 1},
        }
        self.queues["bulk"].append(Message(json.dumps(body).encode()))

    def deliver(self, source: Source) -> bool:
        """The broker hands over the next message of a queue, if it may."""
        held = sum(of == source for of, _ in self.unacked.values())
        if self.closing or not self.queues[source] or held >= PREFETCH:
            return False
        message, tag = self.queues[source].pop(0), next(self._tags)
        self.unacked[tag] = (source, message)
        self.loop.run_until_complete(self._take(message, tag))
        self.settle()
        return True

    async def _take(self, message: Message, tag: int) -> None:
        async def ack() -> None:
            await self.ask("ack", lambda: self.unacked.pop(tag))

        job = EventJob(self._desk, self._delivery(message), ack)
        task = asyncio.create_task(job.run())
        self.tasks[task] = job
        task.add_done_callback(self._done)

    def _delivery(self, message: Message) -> Delivery:
        operation = json.loads(message.body)["type"].partition(".")[2]
        return Delivery(message.body, NAMES.key(operation), dict(message.headers), {}, message.redelivered)

    def _done(self, task: "asyncio.Task[None]") -> None:
        del self.tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self.lost = True
            if not isinstance(error, NotPublishedError):
                self.violations.append(f"a job failed: {error!r}")

    def _return_all(self) -> None:
        """What was not acknowledged goes back to the front of its queue, in order."""
        for tag in sorted(self.unacked, reverse=True):
            source, message = self.unacked.pop(tag)
            message.redelivered = True
            self.queues[source].insert(0, message)

    def route(self, outgoing: Outgoing) -> None:
        """What the exchanges do."""
        message = Message(outgoing.body, dict(outgoing.properties["headers"]))
        if outgoing.exchange == topology.DEAD:
            self.dead.append(message)
        elif outgoing.exchange == topology.DUE:
            self.queues["due"].append(message)
        elif outgoing.exchange.startswith(topology.DELAY):
            message.seconds = int(outgoing.exchange.removeprefix(f"{topology.DELAY}.").removesuffix("s"))
            message.due = self.now + message.seconds
            self.ladder.append(message)

    def due(self) -> list[Message]:
        """What may come back from the ladder now: the first of every rung, since a rung is a queue."""
        heads = {message.seconds: message for message in reversed(self.ladder)}
        return [message for message in heads.values() if message.due <= self.now]

    def come_back(self, message: Message) -> None:
        """One message returns from the ladder."""
        self.ladder.remove(message)
        self.queues["due"].append(message)

    def sleep(self, seconds: float) -> None:
        """A long time, in which the broker has returned everything from the ladder as it became due."""
        self.now += seconds
        for message in sorted(self.ladder, key=lambda one: one.due):
            if message.due <= self.now:
                self.come_back(message)

    def replay(self, letters: Iterable[Message], *, killed: bool = False) -> list[tuple[str, str]]:
        """An operator puts these letters back, oldest first; `killed` before any of them was taken off.

        The events, and the names of their new lives.
        """
        again = []
        for message in list(letters):
            outgoing = Letter("toy_land.default", self._delivery(message)).replayed()
            self.route(outgoing)
            again.append((message.event, str(outgoing.properties["headers"][REPLAY])))
            if not killed:
                self.dead.remove(message)
        return again

    # --- what jobs ask for

    async def ask(self, what: str, do: Callable[[], Any], event: str = "") -> Any:
        """Stand in `asked` until the test has it done and answered."""
        asked = Asked(what, do, asyncio.get_running_loop().create_future(), event)
        self.asked.append(asked)
        try:
            return await asked.answer
        finally:
            if asked in self.asked:
                self.asked.remove(asked)
                if what in {"record", "stand"} and not asked.done:
                    asked.do()  # a write does not notice that nobody waits for it any more

    def step(self, asked: Asked, *, answer: bool = True) -> None:
        """Have it done, unless it was, and answered, if wanted."""
        if not asked.done:
            asked.result, asked.done = asked.do(), True
        if answer:
            self.asked.remove(asked)
            if not asked.answer.done():
                asked.answer.set_result(asked.result)
            self.settle()

    def fail(self, asked: Asked, error: Exception, *, done: bool) -> None:
        """It fails, done all the same or not."""
        if done and not asked.done:
            asked.do()
        self.asked.remove(asked)
        if not asked.answer.done():
            asked.answer.set_exception(error)
        self.settle()

    async def call(self, event: str) -> Ending:
        """The platform is called: the verdict falls when the request reaches it."""
        ending = await self.ask("call", lambda: ENDINGS[self.on_call(event)])
        if isinstance(ending, Exception):
            raise ending
        return cast(Ending, ending)

    async def query(self, event: str) -> Ending | None:
        """The platform is asked whether it has this event."""
        return Accepted("200", duplicate=True) if await self.ask("query", lambda: self.on_query(event)) else None


class _AskedLedger:
    """The ledger as jobs see it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def hashed(self, value: str) -> str:
        return self._world.ledger.hashed(value)

    async def look(self, key: Key | None, lane: str | None, *, urgent: bool = False) -> Standing:
        standing: Standing = await self._world.ask("look", lambda: self._world.ledger.look(key, lane))
        return standing

    async def look_now(self, key: Key) -> Standing:
        return await self.look(key, None)

    async def record(
        self,
        record: Record | None,
        entry: Entry | None = None,
        letter: Buried | None = None,
        counted: Counted | None = None,
        *,
        urgent: bool = False,
    ) -> Record | None:
        await self._world.ask("record", lambda: self._record(record))
        return record

    def _record(self, record: Record | None) -> None:
        if record is not None:
            self._world.ledger.record(record)
            self._world.on_record(record)

    async def stand(self, records: Iterable[Record]) -> None:
        await self._world.ask("stand", lambda: self._world.ledger.stand(records))

    async def lift(self, key: Key) -> None:
        self._world.violations.append(f"{key.id} was given up as missing")


class _AskedPublisher:
    """The broker as the settler sees it. Results are of no interest here."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def publish(self, outgoing: Outgoing) -> None:
        if outgoing.exchange != topology.RESULTS:
            event = Message(outgoing.body).event
            await self._world.ask("publish", lambda: self._world.route(outgoing), event)


class _Sure:
    """A lease that is never in doubt."""

    async def sure(self) -> None:
        """At once."""


def operation(world: Callable[[], World], name: str, repeat: Repeat, after_death: AfterDeath) -> Operation:
    """One whose calls reach the world. The event's id is not in its data, so it is read off the job."""

    def event() -> str:
        job = world().tasks[cast("asyncio.Task[None]", asyncio.current_task())]
        return str(json.loads(job.delivery.body)["id"])

    async def call(client: Any, data: Data, steps: Steps) -> Ending:
        return await world().call(event())

    async def query(client: Any, data: Data) -> Ending | None:
        return await world().query(event())

    asks = query if repeat is Repeat.QUERYABLE else None
    return Operation(
        name=name,
        title=name,
        section="-",
        model=Data,
        call=call,
        repeat=repeat,
        after_death=after_death,
        query=asks,
    )


REFUSED = NotPublishedError("the broker refused a message")
FULL = LedgerError("the ledger is full")
