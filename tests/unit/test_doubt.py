"""What is noted of a call that must not be repeated, where something fails between the call and its end."""

from collections.abc import Iterator

import pytest

from gateway.ledger import Key, Record
from gateway.platform import AfterDeath, Operation, Repeat
from tests.unit import lane_world
from tests.unit.lane_world import REFUSED, Verdict, World

KINDS = {"never": Repeat.NEVER, "queryable": Repeat.QUERYABLE}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made: list[World] = []

    def operations() -> dict[str, Operation]:
        return {
            name: lane_world.operation(lambda: made[0], name, kind, AfterDeath.SKIP) for name, kind in KINDS.items()
        }

    made.append(World(operations()))
    for module in ("job", "settle"):
        monkeypatch.setattr(f"gateway.{module}.time", lambda: made[0].now)
    yield made[0]
    made[0].end()


def until_asked(world: World, what: str) -> None:
    """Everything that is asked for is done, up to the first of this kind."""
    while (asked := world.asked[0]).what != what:
        world.step(asked)


def to_the_end(world: World) -> None:
    """All goes well until nothing moves any more."""
    while world.asked or world.deliver("due") or world.deliver("bulk") or world.ladder:
        while world.asked:
            world.step(world.asked[0])
        world.sleep(3600)


def record(world: World) -> Record:
    return world.ledger.rows[Key("toy_land", "default", "/s", "e")]


def told(world: World, verdicts: list[Verdict]) -> list[Verdict]:
    """The platform says this to one call after the other; gives what it has not said yet."""
    left = list(verdicts)
    world.on_call = lambda event: left.pop(0)
    return left


def test_a_refused_publish_after_a_call_that_never_left_makes_nothing_uncertain(world: World) -> None:
    told(world, ["unreached", "accepted"])
    world.publish("e", "lane", "never")
    world.deliver("bulk")
    until_asked(world, "publish")
    world.fail(world.asked[0], REFUSED, done=False)
    world.close()
    world.reopen()
    to_the_end(world)
    assert (record(world).outcome, record(world).category) == ("accepted", None)


def test_a_call_that_never_left_takes_no_earlier_doubt_away(world: World) -> None:
    left, has_it = told(world, ["silent", "unreached"]), [False, True]
    world.on_query = lambda event: has_it.pop(0)
    world.publish("e", "lane", "queryable")
    to_the_end(world)
    assert (record(world).outcome, left, has_it) == ("accepted", [], [])
