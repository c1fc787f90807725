"""The oracle in short: real processes, real kills, everything counted from outside. The long one: `make faults`."""

import asyncio
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
    (mixed("wires", 2, (*WIRES, outages.consumer_cancelled)), 8, 250),
    (Fault("half-open", outages.broker_silent, processes=2), 1, 150),
    (Fault("standstill", hosts.stopped, processes=2), 1, 150),
    (Fault("killed replay", None, shares=replays.MANY_REFUSED, last=replays.killed_again_and_again), 3, 100),
)
"""Fault, how often, among how many events. They mostly wait, so all run at once, each in its own virtual host."""


@pytest.mark.timeout(300)
async def test_whatever_happens_every_event_ends_once_in_order_and_one_process_calls_at_a_time(
    broker_node: Node, tmp_path: Path
) -> None:
    seed = os.environ.get("ORACLE_SEED") or secrets.token_hex(4)
    broker = Broker(broker_node)
    folders = [tmp_path / str(number) for number in range(len(SHORT))]
    for folder in folders:
        folder.mkdir()
    running = (
        run(fault, broker, folder, seed, runs, events, brief=True)
        for folder, (fault, runs, events) in zip(folders, SHORT, strict=True)
    )
    rows = await asyncio.gather(*running)
    if any(row.verdict.findings for row in rows):
        told = [text for row in rows for text in (report.line(row), *report.breaches(row))]
        pytest.fail("\n".join([f"ORACLE_SEED={seed}", *told]), pytrace=False)
