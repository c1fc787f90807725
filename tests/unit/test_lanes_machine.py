"""The order of lanes over retries, pauses, crashes, copies and replays: jobs, settler and order are the real ones.

The invariant, checked at the moment a call reaches the platform: everything published before in the same lane has
ended, and well where its death holds the lane. See tests/unit/lane_world.py for what is modelled.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.ledger import Key, Ledger, Record, Standing, open_ledger
from gateway.platform import AfterDeath, Operation, Repeat
from tests.unit import lane_world
from tests.unit.lane_world import ACCOUNT, FULL, REFUSED, Asked, MemoryLedger, Message, Verdict, World

OPERATIONS = {"a": "skip", "b": "skip", "h": "hold", "n": "never", "q": "queryable"}
"""The lanes, and the operation that each is of."""

KINDS = {
    "skip": (Repeat.IDEMPOTENT, AfterDeath.SKIP),
    "hold": (Repeat.IDEMPOTENT, AfterDeath.HOLD),
    "never": (Repeat.NEVER, AfterDeath.SKIP),
    "queryable": (Repeat.QUERYABLE, AfterDeath.HOLD),
}
HOLDING = {lane for lane, name in OPERATIONS.items() if KINDS[name][1] is AfterDeath.HOLD}

which = st.integers(0, 10)
VERDICTS: list[Verdict] = ["accepted", "accepted", "retry", "retry", "dead", "silent", "unreached", "paused"]


@contextmanager
def quiet() -> Iterator[None]:
    """No log lines: thousands of events are settled here."""
    with structlog.testing.capture_logs():
        yield


class LanesMachine(RuleBasedStateMachine):
    """Publishers, the platform, the clock, the broker, an operator and kill -9, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.quiet = quiet()
        self.quiet.__enter__()
        self.patch.setattr("gateway.lanes.COMES_BACK_SECONDS", 0.0)  # of the true clock; all is here at once
        self.world = World(self._operations())
        for module in ("job", "settle"):
            self.patch.setattr(f"gateway.{module}.time", lambda: self.world.now)
        self.world.on_call = self._called
        self.world.on_query = self._queried
        self.world.on_record = self._recorded
        self.world.on_crash = self._crashed
        self.verdict: Verdict = "accepted"
        self.published: dict[str, list[str]] = {lane: [] for lane in OPERATIONS}
        self.calls: Counter[str] = Counter()
        self.platform_has: set[str] = set()
        self.may_call: dict[str, bool] = {}
        self.unrecorded: set[str] = set()
        self.skipped: set[str] = set()
        self.doubtful: set[str] = set()
        self.unreached: set[str] = set()
        self.lives: dict[str, str] = {}
        self.together: dict[str, set[str]] = {}

    def _operations(self) -> dict[str, Operation]:
        return {name: lane_world.operation(lambda: self.world, name, *kind) for name, kind in KINDS.items()}

    # --- what must hold

    def _called(self, event: str) -> Verdict:
        """A call is made, and reaches the platform, or does not."""
        self.calls[event] += 1
        if self.verdict == "unreached":
            self.unreached.add(event)
            return self.verdict
        self.unreached.discard(event)
        self._expect(self.may_call.get(event, True), f"{event} is called again")
        for before in self._before(event):
            self._expect(self._out_of_the_way(before), f"{event} overtakes {before}")
        for before in self.together.get(event, ()):
            self._expect(before not in self.lives, f"{event} overtakes {before}, put back before it")
        self.unrecorded.add(event)
        if self.verdict in {"accepted", "silent"}:
            self.platform_has.add(event)
        lost = self.verdict == "silent" and OPERATIONS[event[0]] in {"skip", "hold"}
        self.may_call[event] = lost or self.verdict in {"retry", "paused"}
        return self.verdict

    def _queried(self, event: str) -> bool:
        self.calls[event] += 1
        return event in self.platform_has

    def _out_of_the_way(self, event: str) -> bool:
        """Whether those behind it may go: it was accepted, or its death was no reason to wait."""
        record = self._record(event)
        return event in self.skipped or (record is not None and record.outcome == "accepted")

    def _record(self, event: str) -> Record | None:
        return self.world.ledger.rows.get(Key("toy_land", "default", "/s", event))

    def _recorded(self, record: Record) -> None:
        event = record.key.id
        self._expect(record.code != "worker-lost" or event in self.doubtful, f"{event} is uncertain for no reason")
        if record.sent_at is not None:
            self.unreached.discard(event)
        if record.blocks != "stands":
            self.unrecorded.discard(event)
        if record.outcome not in {None, "accepted"} and event[0] not in HOLDING:
            self.skipped.add(event)
        if record.outcome is not None and (record.replay or "") >= self.lives.get(event, "~"):
            del self.lives[event]
            self._expect(record.category != "held" or self._is_held(event), f"{event} is held by who was put back")

    def _is_held(self, event: str) -> bool:
        """Whether one ahead died that was not put back before it, or has died again."""
        under_way = self.together.get(event, set()) & self.lives.keys()
        rows = [self._record(one) for one in self._before(event) if one not in under_way]
        return any(row is None or row.outcome != "accepted" for row in rows)

    def _before(self, event: str) -> list[str]:
        return self.published[event[0]][: self.published[event[0]].index(event)]

    def _crashed(self) -> None:
        """What was called and whose end nobody has written down is called again, where that may be."""
        self._doubt()
        for event in self.unrecorded:
            operation = OPERATIONS[event[0]]
            known = operation == "queryable" and event in self.platform_has
            self.may_call[event] |= operation != "never" and not known
        self.unrecorded.clear()

    def _doubt(self) -> set[str]:
        """Whose call was noted and not its end may have been called."""
        doubted = {key.id for key, row in self.world.ledger.rows.items() if row.sent_at and not row.outcome}
        self.doubtful |= doubted
        return doubted

    def _expect(self, true: bool, what: str) -> None:
        if not true:
            self.world.violations.append(what)

    @invariant()
    def nothing_is_wrong(self) -> None:
        assert not self.world.violations, self.world.violations

    @invariant()
    def waiting_uses_no_attempts(self) -> None:
        for key, record in self.world.ledger.rows.items():
            made = self.calls[key.id] + (record.code == "worker-lost")
            assert record.attempts <= made, f"{key.id} is said to have been called {record.attempts} times"

    # --- the world goes on

    @rule(lane=st.sampled_from(list(OPERATIONS)), number=st.integers(1, 4))
    def publish(self, lane: str, number: int) -> None:
        for _ in range(number):
            event = f"{lane}{len(self.published[lane])}"
            self.published[lane].append(event)
            self.world.publish(event, lane, OPERATIONS[lane])

    @precondition(lambda self: any(self.published.values()))
    @rule(number=which)
    def publish_again(self, number: int) -> None:
        """A service that got no confirm."""
        events = [event for lane in self.published.values() for event in lane[-3:]]
        event = events[number % len(events)]
        self.world.publish(event, event[0], OPERATIONS[event[0]])

    @rule(source=st.sampled_from(["bulk", "bulk", "due"]))
    def deliver(self, source: Any) -> None:
        self.world.deliver(source)

    @precondition(lambda self: self.world.asked)
    @rule(number=which, verdict=st.sampled_from(VERDICTS), answer=st.booleans())
    def step(self, number: int, verdict: Verdict, answer: bool) -> None:
        """One thing that was asked for is done, and answered at once or later."""
        self._step(self.world.asked[number % len(self.world.asked)], verdict, answer)

    @rule(verdict=st.sampled_from(VERDICTS), rounds=st.integers(1, 8), due_first=st.booleans())
    def flow(self, verdict: Verdict, rounds: int, due_first: bool) -> None:
        """Everything goes its way for a while."""
        for _ in range(rounds):
            for source in ("due", "bulk") if due_first else ("bulk", "due"):
                self.world.deliver(source)
            for asked in list(self.world.asked):
                if asked in self.world.asked:
                    self._step(asked, verdict, True)

    @precondition(lambda self: any(asked.what == "call" for asked in self.world.asked))
    @rule(verdict=st.sampled_from(VERDICTS))
    def answer(self, verdict: Verdict) -> None:
        """The platform answers a call, and its event is settled before anything else happens."""
        call = next(asked for asked in self.world.asked if asked.what == "call")
        self._step(call, verdict, True)

    def _step(self, asked: Asked, verdict: Verdict, answer: bool) -> None:
        self.verdict = verdict
        self.world.step(asked, answer=answer)

    @precondition(lambda self: self.world.ladder)
    @rule(number=which)
    def come_back(self, number: int) -> None:
        """The clock reaches the next message on the ladder; of those that are due, any comes first."""
        if not self.world.due():
            self.world.now = min(message.due for message in self.world.ladder)
        due = self.world.due()
        self.world.come_back(due[number % len(due)])

    # --- what goes wrong

    @rule()
    def crash(self) -> None:
        self.world.crash()

    @precondition(lambda self: any(asked.what in {"look", "stand", "publish"} for asked in self.world.asked))
    @rule(number=which, done=st.booleans())
    def fail(self, number: int, done: bool) -> None:
        """The ledger or the broker does not answer, or refuses; what was asked for may be done all the same."""
        found = [asked for asked in self.world.asked if asked.what in {"look", "stand", "publish"}]
        asked = found[number % len(found)]
        if asked.what == "publish":
            wrong = asked.event in self._doubt() & self.unreached
            self._expect(not wrong, f"{asked.event} did not leave, and would be uncertain, its publish refused")
        self.world.fail(asked, REFUSED if asked.what == "publish" else FULL, done=done)

    @precondition(lambda self: self.world.closing)
    @rule()
    def close(self) -> None:
        self.world.close()

    @precondition(lambda self: self.world.closing)
    @rule(verdict=st.sampled_from(VERDICTS), hours=st.sampled_from([0, 0, 0, 5]))
    def reopen(self, verdict: Verdict, hours: int) -> None:
        """What was begun ends, everything else goes back; the pause may have been a night."""
        self._finish_begun(verdict)
        self.world.sleep(3600 * hours)
        self.world.reopen()

    def _finish_begun(self, verdict: Verdict) -> None:
        self.world.close()
        while self.world.asked:
            self._step(self.world.asked[0], verdict, True)
        assert not self.world.tasks, "who has begun must not wait for others"

    # --- the operator

    @precondition(lambda self: self.world.dead)
    @rule(killed=st.booleans(), of_lane=st.booleans(), first=st.integers(0, 3))
    def replay(self, killed: bool, of_lane: bool, first: int) -> None:
        """All letters, or those of one lane, or of them all but the first; killed before any was taken off."""
        letters = self.world.dead[first % len(self.world.dead) :]
        lane = letters[0].event[0]
        self._replay([one for one in letters if one.event[0] == lane or not of_lane], killed)

    @rule(lane=st.sampled_from(["a", "h"]), number=st.integers(3, 5))
    def put_back_many(self, lane: str, number: int) -> None:
        """A bad day: many of a lane die one after the other, and are put back at once."""
        self.publish(lane, number)
        self.flow("dead", 8, due_first=True)
        self._replay([letter for letter in self.world.dead if letter.event[0] == lane])

    def _replay(self, letters: list[Message], killed: bool = False) -> None:
        for letter in letters:
            record = self._record(letter.event)
            if record is not None and record.outcome != "accepted":
                self.may_call[letter.event] = True
        again = self.world.replay(letters, killed=killed)
        self._put_back([(event, name) for event, name in again if self._lives_again(event, name)])

    def _lives_again(self, event: str, replay: str) -> bool:
        record = self._record(event)
        return record is None or (record.outcome != "accepted" and (record.replay or "") < replay)

    def _put_back(self, again: list[tuple[str, str]]) -> None:
        """Who is put back behind those ahead of it is done behind them; where it is a second copy, behind both."""
        fresh = {event for event, name in again if self.lives.get(event) != name}
        self.lives.update(again)
        events = list(dict(again))
        for others in self.together.values():
            others.difference_update(fresh)
        for number, event in enumerate(events):
            ahead = set(events[:number]) & set(self._before(event))
            self.together[event] = ahead if event in fresh else self.together[event] & ahead

    # --- the end

    def teardown(self) -> None:
        """From here on all goes well, and everything must end."""
        try:
            for _ in range(4000):
                if self._all_is_over():
                    break
                self._go_on()
            else:
                raise AssertionError(f"some never end: {self._unfinished()}")
            self.nothing_is_wrong()
            self.waiting_uses_no_attempts()
            assert not self._unfinished()
        finally:
            self.world.end()
            self.patch.undo()
            self.quiet.__exit__(None, None, None)

    def _unfinished(self) -> list[str]:
        rows = {event: self._record(event) for lane in self.published.values() for event in lane}
        return [event for event, row in rows.items() if row is None or row.outcome is None or row.blocks]

    def _all_is_over(self) -> bool:
        world = self.world
        idle = not (world.tasks or world.ladder or world.unacked or world.closing or any(world.queues.values()))
        return idle and not [letter for letter in world.dead if letter.event[0] in HOLDING]

    def _go_on(self) -> None:
        if self.world.closing:
            self._finish_begun("accepted")
            self.world.reopen()
        self.flow("accepted", 3, True)
        if not self.world.tasks and self.world.ladder:
            self.world.sleep(30)
        elif not self.world.tasks and not any(self.world.queues.values()):
            self._replay([letter for letter in self.world.dead if letter.event[0] in HOLDING])


TestLanes = LanesMachine.TestCase
TestLanes.settings = settings(max_examples=40, stateful_step_count=40)


# --- the model of the ledger is held to the real one

KEYS = [Key("toy_land", "default", "/s", event) for event in ("a0", "a1", "a2")]
RECORDS = st.builds(
    lambda key, lane, position, blocks, due_at, outcome, epoch, replay: Record(
        key,
        "skip",
        outcome,
        None,
        None,
        "",
        False,
        0,
        None,
        "",
        "",
        replay,
        lane,
        position,
        blocks,
        due_at,
        None,
        epoch,
    ),
    st.sampled_from(KEYS),
    st.sampled_from(["l", "m"]),
    st.integers(1, 9),
    st.sampled_from(["waits", "stands", "holds", None]),
    st.sampled_from([None, 1.5]),
    st.sampled_from([None, "accepted", "dead"]),
    st.integers(1, 3),
    st.sampled_from([None, "2026-11-26 a", "2026-11-27 a"]),
)
WRITES = st.lists(st.tuples(st.sampled_from(["record", "record", "stand", "lift"]), RECORDS), max_size=12)


@settings(max_examples=15)
@given(WRITES)
async def test_the_ledger_of_this_world_answers_like_the_real_one(
    tmp_path: Path, writes: list[tuple[str, Record]]
) -> None:
    model = MemoryLedger()
    async with open_ledger(f"sqlite:///{tmp_path / f'{uuid4()}.db'}") as ledger:
        for what, record in writes:
            await _write(ledger, model, what, record)
            for key in KEYS:
                for lane in (None, "l", "m"):
                    assert_same(await ledger.look(key, lane), model.look(key, lane))
            assert await ledger.last_position(ACCOUNT) == model.last_position()


async def _write(ledger: Ledger, model: MemoryLedger, what: str, record: Record) -> None:
    match what:
        case "record":
            await ledger.record(record)
            model.record(record)
        case "stand":
            await ledger.stand([record])
            model.stand([record])
        case _:
            await ledger.lift(record.key)
            model.lift(record.key)


def assert_same(real: Standing, model: Standing) -> None:
    """Who of several at one place is first is nobody's business: positions are given once."""
    assert real.record == model.record
    places = [first and (first.position, first.count) for first in (real.first, model.first)]
    assert places[0] == places[1]
