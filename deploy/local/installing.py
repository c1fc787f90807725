"""Installing a package of Debian's, where we are root or may become it."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).parent


def install(what: str, log: Path, script: str, *arguments: str) -> None:
    """Say what is being installed, and run the script, whose words go to the file `log`.

    Whether it worked is for the caller to see, who looks for the programs again.
    """
    print(f"installing Debian's {what} …", file=sys.stderr, flush=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    with log.open("ab") as out, suppress(FileNotFoundError):  # no sudo
        command = [*become_root, "sh", str(HERE / script), *arguments]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
