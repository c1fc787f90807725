"""Which broker this machine can give us: the decision (pure), the looking and the installing.

`python -m deploy.local.machine` makes sure that there is one, before anything with a time limit needs it.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
ADVANCED = HERE.parent / "rabbitmq" / "advanced.config"  # as every broker of ours should have it
URL_VARIABLE = "GATEWAY_BROKER__URL"
IMAGE = "rabbitmq:4-management"
ADVICE = (
    f"no RabbitMQ here: run 'apt-get install rabbitmq-server' as root, or start Docker, "
    f"or set {URL_VARIABLE} to a broker that runs"
)


class BrokerError(RuntimeError):
    """No broker could be had; the text is one line that says what to do."""


class Source(Enum):
    """Where a private node's program comes from."""

    INSTALLED = "the installed rabbitmq-server"
    PACKAGE = "Debian's package rabbitmq-server, installed now"
    CONTAINER = f"the container image {IMAGE}"


@dataclass(frozen=True)
class Machine:
    """What was found here. `become_root` is the command prefix that makes us root; None: we cannot."""

    server: Path | None = None
    apt: bool = False
    become_root: tuple[str, ...] | None = None
    docker: bool = False


def choose(machine: Machine) -> Source:
    """The first source that works here; raises BrokerError when none does."""
    if machine.server is not None:
        return Source.INSTALLED
    if machine.apt and machine.become_root is not None:
        return Source.PACKAGE
    if machine.docker:
        return Source.CONTAINER
    raise BrokerError(ADVICE)


def given_url() -> str | None:
    """The broker that the user named in the environment, if any."""
    return os.environ.get(URL_VARIABLE) or None


def look() -> Machine:
    """Looks around; asks the slower questions only when no server is installed."""
    if server := find_server():
        return Machine(server=server)
    return Machine(
        apt=shutil.which("apt-get") is not None, become_root=_become_root(), docker=_succeeds("docker", "info")
    )


def find_server() -> Path | None:
    """The server's own start script.

    Not Debian's /usr/sbin wrapper around it: that one insists on the user rabbitmq and the system's data.
    """
    packaged = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    if packaged.exists():
        return packaged
    found = shutil.which("rabbitmq-server")
    return Path(found) if found else None


def ensure(log: Path) -> Path | None:
    """Makes a broker available and returns its start script, or None where it is a container.

    May install a package or fetch an image; what those say goes to the file `log`.
    """
    machine = look()
    match choose(machine):
        case Source.INSTALLED:
            return machine.server
        case Source.PACKAGE:
            return _install(machine.become_root or (), log)
        case Source.CONTAINER:
            if not _succeeds("docker", "image", "inspect", IMAGE):
                _run_logged(("docker", "pull", "--quiet", IMAGE), log)
            return None


def _install(become_root: tuple[str, ...], log: Path) -> Path:
    print("installing Debian's rabbitmq-server (once; no service is started) …", file=sys.stderr, flush=True)
    erlangs = () if shutil.which("epmd") else ("epmd.service", "epmd.socket")  # somebody else's Erlang may need them
    services = ("rabbitmq-server.service", *erlangs)
    _run_logged((*become_root, "sh", str(HERE / "install-program.sh"), "rabbitmq-server", *services), log)
    server = find_server()
    if server is None:
        raise BrokerError(ADVICE)
    return server


def _run_logged(command: tuple[str, ...], log: Path) -> None:
    """Runs to the end; raises BrokerError that points at the log on failure."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        code = _run(command, out)
    if code != 0:
        raise BrokerError(f"'{' '.join(command[:3])} …' failed, see {log}; {ADVICE}")


def _succeeds(*command: str) -> bool:
    return shutil.which(command[0]) is not None and _run(command, subprocess.DEVNULL) == 0


def _run(command: tuple[str, ...], out: IO[bytes] | int) -> int:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False
    ).returncode


def _become_root() -> tuple[str, ...] | None:
    if os.geteuid() == 0:
        return ()
    return ("sudo", "-n") if _succeeds("sudo", "-n", "true") else None


def main() -> None:
    """Makes sure that demo, up and tests will find a broker; exits with one line when they will not."""
    if given_url():
        return
    try:
        ensure(Path(".run") / "install.log")
    except BrokerError as missing:
        sys.exit(str(missing))


if __name__ == "__main__":
    main()
