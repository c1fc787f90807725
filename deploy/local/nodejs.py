"""Node.js for what only exists there: AsyncAPI's official parser, and the sample of a publisher in JavaScript.

`python -m deploy.local.nodejs` installs it and the packages of their lock files, before anything with a time limit
needs them. Packages go to `.run/node/<folder>`, beside a copy of the folder's own files; no script of theirs runs.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.installing import install

DEPLOY = Path(__file__).parent.parent
ASYNCAPI = DEPLOY / "asyncapi"
SAMPLE = DEPLOY / "samples" / "node"
RUN = Path(".run") / "node"
ADVICE = "no Node.js here: run 'apt-get install nodejs npm' as root"
OLDEST = 18
"""Debian 12's."""

NPM_SECONDS = 600


class NodeError(RuntimeError):
    """Node.js or its packages cannot be had; the text is one line that says what to do."""


def ensure(log: Path) -> Path:
    """The program node, installed where it is missing. Raises NodeError."""
    if found := find_node():
        return found
    install("Node.js (once)", log, "install-nodejs.sh")
    if found := find_node():
        return found
    raise NodeError(f"{ADVICE}; what was tried is in {log}")


def find_node() -> Path | None:
    """The program node, where there is one that is new enough, and npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.lstrip("v").partition(".")[0]
    return Path(node) if major.isdigit() and int(major) >= OLDEST else None


def installed(folder: Path, run: Path = RUN) -> Path:
    """A copy of the folder's files with the packages of its lock file installed; once. Raises NodeError.

    Those who ask at the same time wait for the first.
    """
    ensure(run / "install.log")
    copy = (run / folder.name).absolute()
    copy.mkdir(parents=True, exist_ok=True)
    with _alone(copy):
        for file in (path for path in folder.iterdir() if path.is_file()):
            shutil.copy(file, copy)
        _install(copy, run / "install.log")
    return copy


def _install(copy: Path, log: Path) -> None:
    """`npm ci`, unless it was done for this very lock file."""
    done = copy / ".installed"
    lock = hashlib.sha256((copy / "package-lock.json").read_bytes()).hexdigest()
    if done.exists() and done.read_text() == lock:
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    with log.open("ab") as out:
        code = subprocess.run(
            command, cwd=copy, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False, timeout=NPM_SECONDS
        ).returncode
    if code != 0:
        raise NodeError(f"'{' '.join(command)}' failed, see {log}: is the npm registry within reach?")
    done.write_text(lock)


@contextmanager
def _alone(copy: Path) -> Iterator[None]:
    with (copy / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    """Makes sure that tests will find everything; where it cannot be had, says that such tests are skipped."""
    try:
        for folder in (ASYNCAPI, SAMPLE):
            installed(folder)
    except NodeError as missing:
        print(f"{missing}; the AsyncAPI document and the Node.js sample are not tested", file=sys.stderr)


if __name__ == "__main__":
    main()
