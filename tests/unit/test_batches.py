"""What a run does next: batches grow, stop at a failure, wait for accounts; each letter is moved once."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from gateway.operating.batches import SIZES, Batch, Begin, End, Fail, Hold, Rest, Send, View, Watch, next_move, size


def view(batch: Batch, **changed: object) -> View:
    given = {"kind": "replay", "state": "running", "ladder": 0, "tolerate": 0, "pending": {"a.b": 1000}}
    return View(**{**given, "batch": batch, **changed})  # type: ignore[arg-type]


def test_batches_grow_while_they_go_well_and_begin_small_again_after_a_stop() -> None:
    sizes = [next_move(view(Batch(number, "a.b"))) for number in range(10)]
    assert sizes == [Begin("a.b", one) for one in (*SIZES, SIZES[-1], SIZES[-1])]
    assert next_move(view(Batch(7, "a.b", failed=1), ladder=7)) == Begin("a.b", 1)


def test_a_batch_with_a_failure_stops_the_run_at_once_unless_that_is_tolerated() -> None:
    batch = Batch(3, "a.b", pending=2, unended=2, failed=1, total=5)
    assert next_move(view(batch)) == Fail(1, 5)
    assert next_move(view(batch, tolerate=1)) == Send()


def test_a_batch_is_ended_before_the_next_is_begun() -> None:
    assert next_move(view(Batch(1, "a.b", unended=1, total=1))) == Watch()


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
    batch: Batch = field(default_factory=Batch)
    ladder: int = 0
    state: str = "running"
    moved: int = 0
    accepted: int = 0
    failed: int = 0
    sizes: list[int] = field(default_factory=list)

    def view(self) -> View:
        pending = {"a.b": self.left}
        return View("replay", self.state, self.batch, self.ladder, self.tolerate, pending)  # type: ignore[arg-type]

    def begin(self, number: int) -> None:
        assert (self.batch.pending, self.batch.unended) == (0, 0)
        self.left -= number
        self.sizes.append(number)
        self.batch = Batch(self.batch.number + 1, "a.b", pending=number, total=number)

    def send(self) -> None:
        self.moved += self.batch.pending
        b = self.batch
        self.batch = Batch(b.number, "a.b", 0, b.unended + b.pending, b.failed, b.total)

    def end_one(self, fails: bool) -> None:
        b = self.batch
        self.accepted, self.failed = self.accepted + (not fails), self.failed + fails
        self.batch = Batch(b.number, "a.b", b.pending, b.unended - 1, b.failed + fails, b.total)


@given(st.integers(0, 400), st.integers(0, 2), st.lists(st.booleans(), max_size=500), st.data())
def test_however_letters_end_each_is_moved_once_and_no_failing_batch_is_followed_by_another(
    letters: int, tolerate: int, fails: list[bool], data: st.DataObject
) -> None:
    run, fates = Simulated(letters, tolerate), iter(fails)
    for _ in range(3000):
        match next_move(run.view()):
            case Begin(_, number):
                assert run.batch.number == run.ladder or run.batch.failed <= tolerate
                run.begin(number)
            case Send():
                run.send()
            case Watch():
                run.end_one(next(fates, False))
            case Fail(failed, _):
                assert failed > tolerate
                run.ladder = run.batch.number  # an operator lets it go on
            case End():
                break
            case other:
                raise AssertionError(other)
    assert run.moved == letters == run.accepted + run.failed
    assert all(number <= size("replay", done) for done, number in enumerate(run.sizes)) or run.failed
