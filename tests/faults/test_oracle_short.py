"""The oracle in short: real processes, real kills, everything counted from outside. The long one: `make faults`."""

import os
import secrets
from pathlib import Path

import pytest

from deploy.local.node import Node
from tests.faults.oracle import hosts, outages, replays, report
from tests.faults.oracle.broker import Broker
from tests.faults.oracle.faults import KILLS, NO_REPEATS, WIRES, mixed
from tests.faults.oracle.stream import Fault, run

SHORT = (
    (Fault("nothing happens", None, processes=3, policy=NO_REPEATS), 0, 150),
    (mixed("kills", 2, KILLS), 5, 250),
    (mixed("wires and standstills", 2, (*WIRES, outages.consumer_cancelled)), 8, 250),
    (Fault("half-open", outages.broker_silent, processes=2), 1, 150),
    (Fault("standstill", hosts.stopped, processes=2), 1, 150),
    (Fault("killed replay", None, shares=replays.MANY_REFUSED, last=replays.killed_again_and_again), 3, 100),
)
"""Fault, how often, among how many events."""


@pytest.mark.parametrize(("fault", "runs", "events"), SHORT, ids=[fault.name for fault, _, _ in SHORT])
async def test_whatever_happens_every_event_ends_once_in_order_and_one_process_calls_at_a_time(
    fault: Fault, runs: int, events: int, broker_node: Node, tmp_path: Path
) -> None:
    seed = os.environ.get("ORACLE_SEED") or secrets.token_hex(4)
    row = await run(fault, Broker(broker_node), tmp_path, seed, runs, events, brief=True)
    told = "\n".join([f"ORACLE_SEED={seed}", report.line(row), *report.breaches(row)])
    if row.verdict.findings:
        pytest.fail(told, pytrace=False)
