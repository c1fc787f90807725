"""RabbitMQ 4.0 beside the installed one: Debian 13's packages, unpacked under .run/ and never installed.

GATEWAY_TEST_BROKER=rabbitmq4 makes every private node run it; `make test-rabbitmq4` sets it.
`python -m deploy.local.rabbitmq4` fetches it, before anything with a time limit needs it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local.machine import HERE, BrokerError

WANTED = os.environ.get("GATEWAY_TEST_BROKER") == "rabbitmq4"  # read once: tests clear their environment
FOLDER = HERE.parents[1] / ".run" / "rabbitmq4"
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
NEEDED = ("apt-get", "dpkg-deb", "unshare")


def ensure() -> list[str]:
    """Makes it available; returns the command prefix under which SERVER and its tools are Debian 13's.

    The first time this fetches 75 MB. Raises BrokerError, one line, where it cannot be had.
    """
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        raise BrokerError(f"no RabbitMQ 4.0 here: it needs {', '.join(missing)}")
    if not FOLDER.exists():
        _fetch()
    prefix = inside(FOLDER)
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        raise BrokerError("no RabbitMQ 4.0 here: this machine allows no mount namespaces, be root or allow them")
    return prefix


def inside(root: Path) -> list[str]:
    """The command prefix that runs a command with /usr taken from `root`, and all else from this machine.

    The mount is seen by that command alone and goes with it: nothing is left behind, however it ends.
    """
    namespace = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    return ["unshare", *namespace, "sh", "-c", 'mount --bind "$0" /usr && exec "$@"', str(root / "usr")]


def _fetch() -> None:
    print("fetching Debian 13's RabbitMQ 4.0 (once, 75 MB) …", file=sys.stderr, flush=True)
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    log = FOLDER.with_suffix(".log")
    with log.open("wb") as out:
        done = subprocess.run(
            ["sh", str(HERE / "fetch-rabbitmq4.sh"), str(FOLDER)], stdout=out, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode != 0:
        said = log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise BrokerError(f"no RabbitMQ 4.0 here: {said} (see {log})")


def main() -> None:
    """Makes sure that the nodes will find it; exits with one line when they will not."""
    try:
        ensure()
    except BrokerError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
