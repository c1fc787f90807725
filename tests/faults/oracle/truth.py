"""What must be true of every run, whatever was done to it: pure functions over what was seen."""

from dataclasses import dataclass

from tests.faults.oracle import truth_of_calls, truth_of_endings
from tests.faults.oracle.finding import Finding
from tests.faults.oracle.history import History
from tests.faults.oracle.truth_of_endings import deaths, repeated_letters, repeated_results

CHECKS = (*truth_of_endings.CHECKS, *truth_of_calls.CHECKS)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a fault may cost. `repeats`: results and letters seen twice; `deaths`: events that an operator replays."""

    repeats: bool = True
    deaths: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The numbers of one run, and every breach."""

    findings: tuple[Finding, ...]
    events: int
    results_repeated: int
    letters_repeated: int
    calls_repeated: int
    died: int
    logins: int

    def count(self, *kinds: str) -> int:
        """Breaches of these kinds."""
        return sum(finding.kind in kinds for finding in self.findings)


def judge(history: History, policy: Policy) -> Verdict:
    """Hold all checks against what was seen."""
    findings = [finding for check in CHECKS for finding in check(history)]
    died = list(deaths(history))
    results, letters = list(repeated_results(history)), list(repeated_letters(history))
    if not policy.repeats:
        findings += [*results, *letters]
    if not policy.deaths:
        findings += died
    return Verdict(
        findings=tuple(findings),
        events=len(history.published),
        results_repeated=len(results),
        letters_repeated=len(letters),
        calls_repeated=truth_of_calls.repeated(history),
        died=len(died),
        logins=sum(call.event is None and call.executed is not None for call in history.calls),
    )
