"""Acknowledgements several at a time: every delivery is named once, and none before it is done."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.amqp.acknowledging import Done


class Broker:
    """What RabbitMQ makes of them: a tag that it does not know, or knows no more, closes the channel."""

    def __init__(self, delivered: int) -> None:
        self.held = set(range(1, delivered + 1))

    def ack(self, tag: int, *, multiple: bool) -> None:
        assert tag in self.held, f"unknown delivery tag {tag}"
        self.held -= {held for held in self.held if held <= tag} if multiple else {tag}


@st.composite
def groups(draw: st.DrawFn) -> list[list[int]]:
    """Deliveries done in any order, in groups of any size."""
    order = draw(st.permutations(range(1, draw(st.integers(1, 40)) + 1)))
    cuts = sorted(draw(st.sets(st.integers(0, len(order)))) | {0, len(order)})
    return [order[start:stop] for start, stop in pairwise(cuts)]


@given(groups())
def test_whatever_the_order_the_broker_holds_just_what_is_not_done_yet(done: list[list[int]]) -> None:
    tags = {tag for group in done for tag in group}
    broker, known = Broker(len(tags)), Done()
    for group in done:
        together, single = known.add(group)
        if together is not None:
            broker.ack(together, multiple=True)
        for tag in single:
            broker.ack(tag, multiple=False)
        tags -= set(group)
        assert broker.held == tags


def test_what_is_done_in_order_is_acknowledged_at_once() -> None:
    known = Done()
    assert known.add([2, 1, 3]) == (3, [])
    assert known.add([5]) == (None, [5])
    assert known.add([4]) == (4, [])
    assert known.add([7, 6]) == (7, [])
