"""Debian's Chromium, for the tests that walk through the console.

`python -m deploy.local.chromium` installs it, before anything with a time limit needs it.
"""

import shutil
import sys
from pathlib import Path

from deploy.local.installing import install

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
    install("Chromium (once)", log, "install-chromium.sh")
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
