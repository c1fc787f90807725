"""What a run does next: batches grow, stop at a failure, wait for accounts; each letter is moved once."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.operating.batches import (
    LOOK_SECONDS,
    SIZES,
    Batch,
    Begin,
    End,
    Fail,
    Hold,
    Regroup,
    Rest,
    Send,
    View,
    Watch,
    look_seconds,
    next_move,
    size,
)

LARGEST = len(SIZES)
"""The number of the first batch of the largest size."""


def view(batch: Batch, **changed: object) -> View:
    given = {"kind": "replay", "state": "running", "ladder": 0, "tolerate": 0, "pending": {"a.b": 1000}}
    return View(**{**given, "batch": batch, **changed})  # type: ignore[arg-type]


def test_batches_grow_while_they_go_well_and_begin_small_again_after_a_stop() -> None:
    sizes = [next_move(view(Batch(number, "a.b"))) for number in range(10)]
    assert sizes == [Begin("a.b", one) for one in (*SIZES, SIZES[-1], SIZES[-1])]
    assert next_move(view(Batch(7, "a.b", failed=1), ladder=7)) == Begin("a.b", 1)


def test_a_batch_with_a_failure_stops_the_run_at_once_unless_that_is_tolerated() -> None:
    batch = Batch(3, "a.b", pending=2, unended=2, failed=1, total=5)
    assert next_move(view(batch)) == Fail(3, 1, 5)
    assert next_move(view(batch, tolerate=1)) == Send()


def test_as_long_as_sizes_grow_a_batch_is_ended_before_the_next_is_begun() -> None:
    for number in range(1, LARGEST):
        assert next_move(view(Batch(number, "a.b", unended=1, total=1))) == Watch()


ENDING = view(Batch(LARGEST, "a.b", unended=400, total=500))
BESIDE = replace(ENDING, batch=Batch(LARGEST + 1, "a.b", unended=500, total=500), before=ENDING.batch)


def test_once_they_are_large_the_next_batch_begins_while_one_ends() -> None:
    assert next_move(ENDING) == Begin("a.b", 500)
    assert next_move(replace(BESIDE, before=Batch(LARGEST, "a.b", total=500))) == Begin("a.b", 500)


@pytest.mark.parametrize(
    "seen",
    [
        BESIDE,
        replace(ENDING, ladder=1),
        replace(ENDING, tolerate=1, batch=replace(ENDING.batch, failed=1)),
        replace(ENDING, tolerate=1, before=Batch(LARGEST - 1, "a.b", failed=1, total=200)),
        replace(ENDING, states={"a.b": "probing"}),
        replace(ENDING, states={"a.b": "paused"}),
        replace(ENDING, pending={"a.a": 1, "a.b": 1}),
        replace(ENDING, pending={}),
    ],
    ids=["two end", "sizes grow", "failed", "failed before", "probing", "paused", "other account", "none left"],
)
def test_a_batch_is_ended_before_the_next_where_that_is_not_sure_to_go_well(seen: View) -> None:
    assert next_move(seen) == Watch()


def test_of_two_batches_either_stops_the_run_with_what_is_left_of_the_later_one() -> None:
    later = Batch(LARGEST + 1, "a.b", pending=100, unended=400, total=500)
    failing = Batch(LARGEST, "a.b", unended=10, failed=1, total=500)
    assert next_move(replace(BESIDE, batch=later, before=failing)) == Fail(LARGEST, 1, 500)
    assert next_move(replace(BESIDE, batch=replace(later, failed=2))) == Fail(LARGEST + 1, 2, 500)
    assert next_move(replace(BESIDE, batch=later, before=failing, tolerate=1)) == Send()


def test_what_was_left_of_a_batch_when_an_operator_let_the_run_go_on_is_put_back_in_small_ones() -> None:
    assert next_move(view(Batch(9, "a.b", pending=400, failed=1, total=500), ladder=9)) == Regroup(9)
    assert next_move(view(Batch(9, "a.b", unended=1, failed=1, total=100), ladder=9)) == Watch()
    assert next_move(view(Batch(9, "a.b", failed=1, total=100), ladder=9)) == Begin("a.b", 1)


def test_looks_come_soon_then_ever_later() -> None:
    waits = [look_seconds(looks) for looks in range(8)]
    assert waits == sorted(waits)
    assert waits[0] < 0.05
    assert waits[-1] == look_seconds(10_000) == LOOK_SECONDS


def test_an_account_that_does_not_work_is_not_fed() -> None:
    for state in ("paused", "contested", "stopped", "ledger-down"):
        assert next_move(view(Batch(), states={"a.b": state})) == Hold(("a.b",))
        assert next_move(view(Batch(1, "a.b", pending=1), states={"a.b": state})) == Hold(("a.b",))
        other = view(Batch(), states={"a.b": state}, pending={"a.b": 1, "c.d": 1})
        assert next_move(other) == Begin("c.d", 1)


def test_an_account_that_probes_gets_one_letter_to_find_out_with() -> None:
    assert next_move(view(Batch(5, "a.b"), states={"a.b": "probing"})) == Begin("a.b", 1)


def test_a_discard_needs_no_account_that_works() -> None:
    assert next_move(view(Batch(), kind="discard", states={"a.b": "stopped"})) == Begin("a.b", 500)


def test_what_an_operator_holds_rests_and_what_is_done_ends() -> None:
    for state in ("paused", "stopped", "cancelled", "done"):
        assert next_move(view(Batch(), state=state)) == Rest()
    assert next_move(view(Batch(3, "a.b"), pending={"a.b": 0})) == End()


@dataclass
class Simulated:
    """A run whose letters end as the test says: its counts are kept as the ledger keeps them."""

    left: int
    tolerate: int
    batches: list[Batch] = field(default_factory=lambda: [Batch(-1), Batch(0)])
    ladder: int = 0
    moved: int = 0
    accepted: int = 0
    failed: int = 0

    @property
    def batch(self) -> Batch:
        return self.batches[-1]

    def view(self) -> View:
        before, batch = self.batches[-2:]
        return View("replay", "running", batch, self.ladder, self.tolerate, {"a.b": self.left}, {}, before)

    def begin(self, number: int) -> None:
        """At most two batches are under way, and none follows one that failed."""
        known = [batch for batch in self.batches if batch.number > self.ladder]
        assert all(batch.failed <= self.tolerate for batch in known)
        unended = [batch for batch in self.batches if batch.pending or batch.unended]
        assert unended in ([], [self.batch])
        assert number <= size("replay", len(known))
        assert not unended or len(known) >= LARGEST
        self.left -= number
        self.batches.append(Batch(self.batch.number + 1, "a.b", pending=number, total=number))

    def send(self) -> None:
        self.moved += self.batch.pending
        self.batches[-1] = replace(self.batch, pending=0, unended=self.batch.unended + self.batch.pending)

    def regroup(self) -> None:
        self.left += self.batch.pending
        self.batches[-1] = replace(self.batch, pending=0, total=self.batch.total - self.batch.pending)

    def end_some(self, fate: "Fate") -> None:
        """So many letters of one batch under way end, the last of them maybe badly."""
        later, number, fails = fate
        under_way = [of for of in (-2, -1) if self.batches[of].unended]
        if under_way:
            of = under_way[-1 if later else 0]
            one = self.batches[of]
            number = min(number, one.unended)
            self.accepted, self.failed = self.accepted + number - fails, self.failed + fails
            self.batches[of] = replace(one, unended=one.unended - number, failed=one.failed + fails)


Fate = tuple[bool, int, bool]
FATES = st.lists(st.tuples(st.booleans(), st.sampled_from((1, 10, 500)), st.sampled_from((*[False] * 5, True))))


@given(st.integers(0, 6000), st.integers(0, 2), FATES)
def test_however_letters_end_each_is_moved_once_and_no_failing_batch_is_followed_by_another(
    letters: int, tolerate: int, fates: list[Fate]
) -> None:
    run, ends = Simulated(letters, tolerate), iter(fates)
    while (move := next_move(run.view())) != End():
        match move:
            case Begin(_, number):
                run.begin(number)
            case Send():
                run.send()
            case Regroup():
                run.regroup()
            case Fail(number, failed, _):
                assert failed > tolerate
                assert number in {batch.number for batch in run.batches[-2:]}
                run.ladder = run.batch.number  # an operator lets it go on
            case other:
                assert other == Watch()
        run.end_some(next(ends, (False, 100, False)))
    assert run.moved == letters == run.accepted + run.failed
