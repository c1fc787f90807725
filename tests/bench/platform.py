"""The platform of the bench as its rows use it: a process of its own that answers as it is told, and counts."""

import subprocess
import sys
from http.client import HTTPConnection
from typing import Any, Self

import orjson

HOST = "127.0.0.1"
SECONDS = 30
STOP_SECONDS = 5


class Platform:
    """Started as a block begins, gone when it ends. `behaviour`: see tests.bench.platform_process.Behaviour."""

    def __init__(self, **behaviour: Any) -> None:
        self._behaviour = behaviour
        self._popen: subprocess.Popen[bytes] | None = None
        self._port = self._control = 0

    def __enter__(self) -> Self:
        """Start it."""
        command = [sys.executable, "-m", "tests.bench.platform_process"]
        self._popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._popen.stdout is not None
        self._port, self._control = map(int, self._popen.stdout.readline().split())
        self.behave(**self._behaviour)
        return self

    def __exit__(self, *_: object) -> None:
        """End it: it lives for as long as its input."""
        assert self._popen is not None
        try:
            self._popen.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.communicate()

    @property
    def url(self) -> str:
        """What a gateway has as `base_url`."""
        return f"http://{HOST}:{self._port}"

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._popen is not None
        return self._popen.pid

    def behave(self, **behaviour: Any) -> None:
        """From now on like this; what is not named stays as it is."""
        self._tell("behave", behaviour)

    def down(self) -> None:
        """Drop every connection, and from now on each new one at once."""
        self._tell("down")

    def up(self) -> None:
        """Answer again."""
        self._tell("up")

    def forget(self) -> None:
        """Count anew."""
        self._tell("forget")

    def counts(self) -> dict[str, int]:
        """How often what happened, by tests.bench.platform_process.KINDS."""
        found: dict[str, int] = self._tell("counts")
        return found

    def times(self, kind: str) -> list[float]:
        """When it happened, Unix seconds, in order."""
        found: list[float] = self._tell("times", kind)
        return found

    def tokens(self) -> int:
        """How many accounts have a token that is valid."""
        found: int = self._tell("tokens")
        return found

    def _tell(self, command: str, body: Any = None) -> Any:
        connection = HTTPConnection(HOST, self._control, timeout=SECONDS)
        try:
            connection.request("POST", f"/control/{command}", orjson.dumps(body))
            return orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
