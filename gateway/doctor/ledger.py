"""The ledger: whether it can be written, whose tables it has, how much room it has, which accounts it has stopped."""

import shutil
from collections.abc import Sequence

from gateway.account import Account
from gateway.doctor.finding import Finding
from gateway.ledger import LedgerError, open_ledger
from gateway.ledger.migrating import LATEST
from gateway.ledger.revision import file_of, revision

MEBIBYTE = 1024 * 1024
SHORT_MEBIBYTES = 1024
"""A busy account's ledger grows by some 100 MiB a week."""
TOO_SHORT_MEBIBYTES = 100

Halt = tuple[str | None, str]


async def examine(url: str, accounts: Sequence[Account]) -> list[Finding]:
    """All findings about the ledger. One of an earlier release is left alone: running workers may need it."""
    try:
        found = await revision(url)
        if found is not None and found != LATEST:
            return [judge_revision(found), *_room(url)]
        async with open_ledger(url) as ledger:
            await ledger.check()
            halted = [(str(account), await ledger.halted(account)) for account in accounts]
    except LedgerError as error:
        return [Finding("ledger", "bad", error.wrong, error.remedy or "see ledger.url 账本"), *_room(url)]
    good = Finding("ledger", "good", f"can be written, revision {LATEST}" + ("" if found else ", made just now"))
    return [good, *_room(url), *(judge_halt(name, halt) for name, halt in halted)]


def judge_revision(found: str) -> Finding:
    """An older one: the next start of this release changes it."""
    remedy = "stop every process of the older release, then start this one: it brings the tables up to date 升级"
    return Finding("ledger", "warning", f"has revision {found}, this release wants {LATEST}", remedy)


def judge_room(mebibytes: int) -> Finding:
    """A full ledger stops all accounts."""
    remedy = "free space on its disk, or lower ledger.keep_days 磁盘空间"
    found = f"{mebibytes} MiB free"
    if mebibytes < TOO_SHORT_MEBIBYTES:
        return Finding("ledger disk", "bad", found, remedy)
    if mebibytes < SHORT_MEBIBYTES:
        return Finding("ledger disk", "warning", found, remedy)
    return Finding("ledger disk", "good", found)


def judge_halt(account: str, halt: Halt | None) -> Finding:
    """An account that the platform refused stays stopped until somebody resumes it."""
    if halt is None:
        return Finding("account", "good", "is not stopped", account=account)
    found = f"is stopped: {halt[0]} {halt[1]}"
    return Finding("account", "bad", found, f"mend the cause, then 恢复: gateway resume {account}", account)


def _room(url: str) -> list[Finding]:
    file = file_of(url)
    if file is None:
        return [
            Finding("ledger disk", "not checked", "it is the database server's", "see the server's own disk 磁盘")
        ]
    if not file.absolute().parent.is_dir():
        return [Finding("ledger disk", "bad", f"{file.name}: there is no such folder", "make it, or see ledger.url")]
    return [judge_room(shutil.disk_usage(file.absolute().parent).free // MEBIBYTE)]
