"""Debian's Chromium, for the tests that walk through the console.

`python -m deploy.local.chromium` installs it, before anything with a time limit needs it.
"""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ADVICE = "no Chromium here: run 'apt-get install chromium fonts-wqy-microhei' as root"

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It runs as root and without a display, and asks nobody outside for anything."""


class ChromiumError(RuntimeError):
    """No Chromium could be had; the text is one line that says what to do."""


def ensure(log: Path) -> Path:
    """Chromium's program, installed where it is missing. Raises ChromiumError."""
    if found := find_program():
        return found
    print("installing Debian's Chromium (once) …", file=sys.stderr, flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    with log.open("ab") as out, suppress(FileNotFoundError):  # no sudo
        command = [*become_root, "sh", str(Path(__file__).with_name("install-chromium.sh"))]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    if found := find_program():
        return found
    raise ChromiumError(f"{ADVICE}; what was tried is in {log}")


def find_program() -> Path | None:
    """Where Chromium is."""
    found = shutil.which("chromium")
    return Path(found) if found else None


def main() -> None:
    """Makes sure that tests will find Chromium; where it cannot be had, says that they are skipped."""
    try:
        ensure(Path(".run") / "install.log")
    except ChromiumError as missing:
        print(f"{missing}; the console is not tested in a browser", file=sys.stderr)


if __name__ == "__main__":
    main()
