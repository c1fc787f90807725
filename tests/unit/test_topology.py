"""The public contract's exchanges, queues and bindings, and what RabbitMQ taught others about their arguments."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from gateway import topology
from gateway.outcome import Accepted, Ending
from gateway.platform import Operation, Repeat
from gateway.steps import Steps
from gateway.topology import Names, Queue

LADDER = (5, 30, 120)
NAMES = Names("toy_land", "school-1")


async def call(_: Any, __: Any, ___: Steps) -> Ending:
    return Accepted()


def operation(name: str, *, interactive: bool = False) -> Operation:
    return Operation(
        name=name,
        title=name,
        section="1",
        model=BaseModel,
        call=call,
        repeat=Repeat.NEVER,
        interactive=interactive,
    )


OPERATIONS = {
    o.name: o for o in (operation("credit-sync"), operation("qr-get", interactive=True), operation("file-upload"))
}


def account() -> Mapping[str, Queue]:
    return {queue.name: queue for queue in topology.account_queues(NAMES, OPERATIONS)}


def all_queues() -> list[Queue]:
    return [*topology.shared_queues(LADDER), *account().values()]


def test_the_names_of_an_account_are_those_of_the_contract() -> None:
    assert NAMES.prefix == "toy_land.school-1"
    assert NAMES.key("credit-sync") == "toy_land.school-1.credit-sync"
    assert NAMES.queue("bulk") == "gateway.toy_land.school-1.bulk"
    assert set(account()) == {f"gateway.toy_land.school-1.{role}" for role in ("bulk", "interactive", "due", "dead")}


def test_the_exchanges_are_those_of_the_contract_and_one_for_each_rung() -> None:
    found = {exchange.name: (exchange.type, dict(exchange.arguments)) for exchange in topology.exchanges(LADDER)}
    assert found == {
        "gateway.events": ("topic", {"alternate-exchange": "gateway.unrouted"}),
        "gateway.unrouted": ("fanout", {}),
        "gateway.results": ("topic", {}),
        "gateway.inbound": ("topic", {"alternate-exchange": "gateway.unrouted"}),
        "gateway.due": ("topic", {}),
        "gateway.dead": ("topic", {}),
        "gateway.delay.1s": ("fanout", {}),  # for those who wait for an earlier event of their lane
        "gateway.delay.5s": ("fanout", {}),
        "gateway.delay.30s": ("fanout", {}),
        "gateway.delay.120s": ("fanout", {}),
    }


@pytest.mark.parametrize("queue", all_queues(), ids=lambda queue: queue.name)
def test_every_queue_is_a_quorum_queue_with_its_delivery_limit_stated(queue: Queue) -> None:
    """RabbitMQ 4 sets 20 where none is stated; -1 drops a returned message on 3.10."""
    assert queue.arguments["x-queue-type"] == "quorum"
    assert int(queue.arguments["x-delivery-limit"]) >= 1_000_000


@pytest.mark.parametrize("queue", all_queues(), ids=lambda queue: queue.name)
def test_no_queue_takes_its_messages_along_or_drops_them_silently(queue: Queue) -> None:
    refused = {"x-expires", "x-max-length", "x-max-length-bytes", "x-single-active-consumer"}
    assert not refused & set(queue.arguments)
    assert "x-message-ttl" not in queue.arguments or "x-dead-letter-exchange" in queue.arguments


@pytest.mark.parametrize("queue", all_queues(), ids=lambda queue: queue.name)
def test_what_the_broker_moves_itself_is_moved_at_least_once(queue: Queue) -> None:
    moves = "x-dead-letter-exchange" in queue.arguments
    assert ("x-dead-letter-strategy" in queue.arguments) == moves
    if moves:
        assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
        assert queue.arguments["x-overflow"] == "reject-publish"
        assert queue.arguments["x-dead-letter-exchange"] in {e.name for e in topology.exchanges(LADDER)}
        assert "x-dead-letter-routing-key" not in queue.arguments, "the routing key is kept"


@pytest.mark.parametrize("queue", all_queues(), ids=lambda queue: queue.name)
def test_every_queue_is_bound_and_to_exchanges_that_exist(queue: Queue) -> None:
    assert queue.bindings
    assert {exchange for exchange, _ in queue.bindings} <= {e.name for e in topology.exchanges(LADDER)}


def test_a_rung_waits_its_time_and_returns_to_due_with_the_routing_key_kept() -> None:
    rungs = {queue.name: queue for queue in topology.shared_queues(LADDER)}
    for seconds in LADDER:
        rung = rungs[f"gateway.delay.{seconds}s"]
        assert rung.arguments["x-message-ttl"] == seconds * 1000
        assert rung.arguments["x-dead-letter-exchange"] == topology.DUE
        assert rung.bindings == ((f"gateway.delay.{seconds}s", ""),)


def test_rungs_of_different_length_never_share_a_queue() -> None:
    assert len({topology.rung_name(seconds) for seconds in range(1, 2000)}) == 1999


def test_what_nobody_took_is_kept_without_a_limit_of_time() -> None:
    (unrouted,) = [queue for queue in topology.shared_queues(LADDER) if queue.name == "gateway.unrouted"]
    assert unrouted.bindings == (("gateway.unrouted", ""),)
    assert set(unrouted.arguments) == {"x-queue-type", "x-delivery-limit"}


def test_durable_and_interactive_operations_have_queues_of_their_own() -> None:
    queues = account()
    assert queues[NAMES.queue("bulk")].bindings == (
        ("gateway.events", "toy_land.school-1.credit-sync"),
        ("gateway.events", "toy_land.school-1.file-upload"),
    )
    assert queues[NAMES.queue("interactive")].bindings == (("gateway.events", "toy_land.school-1.qr-get"),)


def test_a_question_that_waited_too_long_goes_to_due_where_it_is_answered() -> None:
    asked = account()[NAMES.queue("interactive")]
    assert asked.arguments["x-message-ttl"] == topology.INTERACTIVE_SECONDS * 1000
    assert asked.arguments["x-dead-letter-exchange"] == topology.DUE


def test_due_and_dead_take_every_operation_of_the_account_and_of_no_other() -> None:
    queues = account()
    assert queues[NAMES.queue("due")].bindings == (("gateway.due", "toy_land.school-1.*"),)
    assert queues[NAMES.queue("dead")].bindings == (("gateway.dead", "toy_land.school-1.*"),)


def test_dead_letters_never_leave_by_themselves() -> None:
    assert set(account()[NAMES.queue("dead")].arguments) == {"x-queue-type", "x-delivery-limit"}


@pytest.mark.parametrize(("role", "exchange"), [("bulk", topology.DUE), ("due", topology.DEAD)])
def test_a_durable_event_that_the_broker_gives_up_is_worked_on_or_becomes_a_dead_letter(
    role: str, exchange: str
) -> None:
    arguments = account()[NAMES.queue(role)].arguments
    assert arguments["x-dead-letter-exchange"] == exchange
    assert "x-message-ttl" not in arguments
