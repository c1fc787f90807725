"""The table: every fault, by name, and what it may cost."""

from collections.abc import Sequence

from tests.faults.oracle import hosts, kills, outages, replays
from tests.faults.oracle.outages import platform_in
from tests.faults.oracle.scene import Scene
from tests.faults.oracle.stream import Fault, Happening
from tests.faults.oracle.truth import Policy

NO_REPEATS = Policy(repeats=False)
"""Of what happens at the platform alone, nobody else is to notice anything but the time it takes."""

FAULTS = (
    Fault("none", None, processes=3, policy=NO_REPEATS),
    Fault("kill -9 after the call, before the record", kills.after_call_before_record),
    Fault("kill -9 after the record, before the publish", kills.after_record_before_publish),
    Fault("kill -9 after the publish, before the ack", kills.after_publish_before_ack),
    Fault("kill -9 in the middle of a login", kills.in_a_login),
    Fault("kill -9 at any moment, of the only process", kills.anywhere, processes=1),
    Fault(
        "kill -9 in the middle of a replay", None, shares=replays.MANY_REFUSED, last=replays.killed_again_and_again
    ),
    Fault("broker killed and started again", outages.broker_killed, share=0.5),
    Fault("broker connections cut", outages.broker_cut, processes=3),
    Fault("broker connections half-open", outages.broker_silent, share=0.2),
    Fault("platform connections cut", outages.platform_cut, processes=1, policy=NO_REPEATS),
    Fault("platform connections half-open", outages.platform_silent, share=0.3, policy=NO_REPEATS),
    Fault("platform refuses connections", outages.platform_refusing, share=0.3, policy=NO_REPEATS),
    Fault("platform hangs", platform_in("hang", 3, 2, 12), share=0.3, policy=NO_REPEATS),
    Fault("platform drops connections", platform_in("drop", 3, 2, 6), share=0.3, policy=NO_REPEATS),
    Fault("platform answers HTML", platform_in("html", 3, 2, 5), share=0.3, policy=NO_REPEATS),
    Fault("platform answers garbage", platform_in("garbage", 3, 2, 5), share=0.3, policy=NO_REPEATS),
    Fault("platform answers 500", platform_in("error", 3, 2, 12), share=0.3, policy=NO_REPEATS),
    Fault("platform answers 503", platform_in("busy", 3, 2, 15), share=0.3, policy=NO_REPEATS),
    Fault("platform answers 429 with Retry-After", platform_in("limit", 3, 2, 15), share=0.3, policy=NO_REPEATS),
    Fault("platform closes idle connections", outages.platform_closing, share=0.5, policy=NO_REPEATS),
    Fault("token expires", outages.token_expired, policy=NO_REPEATS),
    Fault("consumer cancelled by the broker", outages.consumer_cancelled, share=0.5),
    Fault("process stopped and continued (SIGSTOP)", hosts.stopped, share=0.2),
    Fault("clock jumps", hosts.clock_jumped, share=0.5, prepare=hosts.own_clock),
    Fault("ledger locked for 10 s", hosts.ledger_locked, share=0.2),
    Fault("disk of the ledger full", hosts.disk_full, share=0.3, prepare=hosts.small_disk),
)
"""Each by itself. The one that mixes them is made for each run, for it remembers what is still to come."""

KILLS = (
    kills.after_call_before_record,
    kills.after_record_before_publish,
    kills.after_publish_before_ack,
    kills.in_a_login,
    kills.anywhere,
)
WIRES = (
    outages.broker_cut,
    outages.platform_cut,
    outages.platform_closing,
    outages.token_expired,
    platform_in("hang", 1, 1, 3),
    platform_in("busy", 1, 1, 3),
    platform_in("drop", 1, 1, 3),
)


def mixed(name: str, processes: int, happenings: Sequence[Happening]) -> Fault:
    """All of these in turn, in an order that follows from the seed, and again in another one."""
    left: list[Happening] = []

    async def happen(scene: Scene) -> None:
        if not left:
            left.extend(scene.random.sample(happenings, len(happenings)))
        await left.pop()(scene)

    return Fault(name, happen, processes)
