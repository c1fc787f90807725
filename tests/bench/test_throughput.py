from tests.bench.contenders import BY_HAND, FASTSTREAM, GATEWAY, NODE
from tests.bench.measure import Measured
from tests.bench.throughput import cheaper, faster, row


def made(per_second: float, micros: float) -> Measured:
    return Measured(1000, 1000 / per_second, micros / 1000, 50_000_000)


FOUND = {
    GATEWAY: [made(2400, 300), made(2600, 310), made(1000, 900)],
    BY_HAND: [made(2000, 420)],
    FASTSTREAM: [made(1200, 800)],
    NODE: [made(8000, 100)],
}


def test_one_slow_round_does_not_decide() -> None:
    assert faster(FOUND, BY_HAND) == 1.2
    assert cheaper(FOUND, FASTSTREAM) > 2


def test_every_goal_has_to_be_met_in_rate_and_in_cost() -> None:
    assert row(FOUND).met
    assert not row({**FOUND, BY_HAND: [made(2000, 360)]}).met
    assert not row({**FOUND, FASTSTREAM: [made(1300, 800)]}).met


def test_the_distance_to_node_is_told() -> None:
    assert "is 3.3 × as fast and 3.1 × as cheap as the gateway" in row(FOUND).measured


def test_the_fastest_stands_on_top() -> None:
    lines = row(FOUND).detail.splitlines()
    assert lines[2].startswith(f"| {NODE} | 8,000 | 8,000–8,000 | 0.30 | 100 |")
    assert lines[3].startswith(f"| **{GATEWAY}** | 2,400 | 1,000–2,600 | 1.00 | 310 | 300–900 | 1.00 | 50 |")
