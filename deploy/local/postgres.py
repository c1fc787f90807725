"""A private PostgreSQL on loopback, for tests and trials of a ledger that several machines share.

It has nothing to do with the system's own. Linux ends it when the thread that started it ends, kill -9 included.
`python -m deploy.local.postgres` installs the programs, before anything with a time limit needs them.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from secrets import token_hex
from typing import Self

from deploy.local.installing import install
from deploy.local.runtimes import LOOPBACK, PORTS, is_free

ADVICE = "no PostgreSQL here: run 'apt-get install postgresql' as root"
START_SECONDS = 60
USER = "postgres"
"""Debian's, to run as where we are root, which PostgreSQL refuses."""


class PostgresError(RuntimeError):
    """No PostgreSQL could be had; the text is one line that says what to do."""


class Postgres:
    """One server with its data in `folder`, made if it is missing and left behind by `stop`.

    Where we are root, Debian's user postgres must be able to reach the folder, which becomes its own.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._port = next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
        self._programs = Path()
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's URL; the same over every restart of this object."""
        password = (self._folder / "password").read_text().strip()
        return f"postgresql://gateway:{password}@{LOOPBACK}:{self._port}/postgres"

    def start(self) -> None:
        """Start the server and return when it answers. Raises PostgresError."""
        self._programs = ensure(self._folder / "install.log")
        if not (self._folder / "data").exists():
            self._initialise()
        where = ["-D", "data", "-p", str(self._port), "-c", f"listen_addresses={LOOPBACK}"]
        with (self._folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [*self._program("postgres", until="--pdeathsig=QUIT"), *where, "-c", "unix_socket_directories="],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us
            )
        self._await_answer(self._server)

    def stop(self) -> None:
        """End it in good order, without waiting for clients."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it like a crash: nothing is written any more, and the next start recovers."""
        self._end(signal.SIGQUIT)

    def remove(self) -> None:
        """End it and delete all it stored, the folder included."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _initialise(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(token_hex(16))
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
            shutil.chown(password, USER)
        options = ["--username=gateway", "--pwfile=password", "--auth=scram-sha-256", "--encoding=UTF8"]
        command = [*self._program("initdb"), *options, "--locale=C.UTF-8", "--no-sync", "data"]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {' '.join(done.stderr.split())}")

    def _program(self, name: str, *, until: str = "") -> list[str]:
        """The command for one of the programs as a user that it accepts; `until`: setpriv's word for our end."""
        as_user = [f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *as_user, *([until] if until else []), str(self._programs / name)]

    def _await_answer(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        ask = [str(self._programs / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self._port)]
        while subprocess.run(ask, check=False).returncode != 0:
            if server.poll() is not None or time.monotonic() > deadline:
                raise PostgresError(f"the server does not come up, see {self._folder / 'server.log'}")
            time.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(how)
            server.wait()


def ensure(log: Path) -> Path:
    """The folder of PostgreSQL's programs, installed where they are missing. Raises PostgresError."""
    if found := find_programs():
        return found
    install("PostgreSQL (once; no service is started)", log, "install-postgres.sh")
    if found := find_programs():
        return found
    raise PostgresError(f"{ADVICE}; what was tried is in {log}")


def find_programs() -> Path | None:
    """The folder of the newest release's programs; Debian does not put the server into anybody's path."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(packaged[-1]) if packaged else shutil.which("initdb")
    return Path(found).parent if found else None


def main() -> None:
    """Makes sure that tests will find the programs; where they cannot be had, says that such tests are skipped."""
    try:
        ensure(Path(".run") / "install.log")
    except PostgresError as missing:
        print(f"{missing}; what needs one is not tested", file=sys.stderr)


if __name__ == "__main__":
    main()
