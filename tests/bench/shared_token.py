"""Row: one token for two hundred calls at once, which expires when nobody expects it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tests.bench.platform import Platform
from tests.bench.rig import Rig, Trial, credit_syncs, publish, until
from tests.bench.row import Options, Row, table

NAME = "shared token"
EVENTS = 10_000

SLOTS = 200
ANSWER_SECONDS = 0.05
"""Long enough for all the slots to be in a call when a token expires."""

EXPIRE_EVERY = 250
"""Calls, on average."""

BUDGET = {"forced_logins": 100, "forced_logins_seconds": 1}
"""As many logins as the settings allow: tokens that die so often would mean that somebody else has the account."""


@dataclass(frozen=True, slots=True)
class Logins:
    """What the platform counted. `valid`: whether the token last given is."""

    events: int
    logins: int
    expiries: int
    refusals: int
    valid: bool

    @property
    def needed(self) -> int:
        """The first one, and one for each token that expired and was needed again."""
        return self.expiries + (1 if self.valid else 0)

    @property
    def exact(self) -> bool:
        """Whether nobody logged in without need."""
        return self.logins == self.needed


async def measure(bench: Rig, options: Options) -> Row:
    """Each round expires tokens at moments that follow from its number, and from how fast the gateway is."""
    events = round(EVENTS * options.scale)
    return _row([await _round(bench, events, f"round {number}") for number in range(options.rounds)])


async def _round(bench: Rig, events: int, seed: str) -> Logins:
    with Platform(delay_seconds=ANSWER_SECONDS, expire_every=EXPIRE_EVERY, seed=seed) as platform:
        async with bench.trial("shared-token") as trial:
            await _through(trial, platform, events)
        counts = platform.counts()
        valid = platform.tokens() > 0
        return Logins(events, counts["logins"], counts["expiries"], counts["refusals"], valid)


async def _through(trial: Trial, platform: Platform, events: int) -> None:
    config = trial.configured(trial.gateway_settings(base_url=platform.url, max_in_flight=SLOTS, **BUDGET))
    trial.declare(config)
    await publish(trial.url, credit_syncs(events))
    async with trial.gateway(config) as program:
        await until(trial.waiting, events, program)


def _row(rounds: Sequence[Logins]) -> Row:
    logins, needed = sum(one.logins for one in rounds), sum(one.needed for one in rounds)
    events = sum(one.events for one in rounds)
    return Row(
        NAME,
        f"{SLOTS} calls at once, tokens that expire at random: exactly one login for each",
        f"{logins} logins where {needed} were needed, in {events:,} events",
        all(one.exact for one in rounds),
        {"rounds": [asdict(one) for one in rounds]},
        _table(rounds),
    )


def _table(rounds: Sequence[Logins]) -> str:
    headings = ["round", "events", "tokens expired", "calls refused for it", "logins", "needed"]
    lines = [
        [str(number), *(f"{figure:,}" for figure in (one.events, one.expiries, one.refusals, one.logins, one.needed))]
        for number, one in enumerate(rounds, 1)
    ]
    return table(headings, lines)
