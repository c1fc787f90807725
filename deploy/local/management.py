"""RabbitMQ's HTTP API, as far as tests need it: a virtual host of one's own, in milliseconds."""

import base64
import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

SECONDS = 90


class Management:
    """The HTTP API at a URL with credentials; every call raises RuntimeError on a refusal."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 15672
        pair = f"{parts.username or 'guest'}:{parts.password or 'guest'}"
        self._authorization = "Basic " + base64.b64encode(pair.encode()).decode()

    def add_vhost(self, name: str) -> None:
        """Makes a virtual host and a user, name and password like it, who may do everything in it."""
        self._call("PUT", f"vhosts/{quote(name, safe='')}")
        self._call("PUT", f"users/{quote(name, safe='')}", {"password": name, "tags": ""})
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self._call("PUT", f"permissions/{quote(name, safe='')}/{quote(name, safe='')}", everything)

    def delete_vhost(self, name: str) -> None:
        """Takes both away again, with every queue; the broker closes the connections."""
        self._call("DELETE", f"vhosts/{quote(name, safe='')}")
        self._call("DELETE", f"users/{quote(name, safe='')}")

    def close_connections(self, name: str) -> None:
        """Closes every connection of the user of a virtual host (code 320), as an operator would."""
        self._call("DELETE", f"connections/username/{quote(name, safe='')}")

    def import_definitions(self, definitions: object) -> None:
        """Makes users, rights, exchanges, queues and policies as a definitions file says."""
        self._call("POST", "definitions", definitions)

    def leader(self, vhost: str, queue: str) -> str:
        """The name of the node that leads a quorum queue now; no node's name while its members elect one."""
        described = json.loads(self._call("GET", f"queues/{quote(vhost, safe='')}/{quote(queue, safe='')}"))
        return str(described.get("leader"))

    def answers(self) -> bool:
        """Whether there is such an API at all."""
        try:
            self._call("GET", "whoami")
        except (OSError, RuntimeError, http.client.HTTPException):
            return False
        return True

    def _call(self, method: str, path: str, body: object = None) -> str:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        headers = {"authorization": self._authorization, "content-type": "application/json"}
        try:
            connection.request(method, f"/api/{path}", json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        if response.status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{method} {path}: {response.status} {text}")
        return text


@dataclass(frozen=True)
class Vhost:
    """A virtual host with a user of its own, who has the same name."""

    name: str
    url: str
    management: Management

    def close_connections(self) -> None:
        """Closes every connection to it (code 320), as an operator would."""
        self.management.close_connections(self.name)


@contextmanager
def own_vhost(broker_url: str, management: Management) -> Iterator[Vhost]:
    """A new virtual host on that broker while the block runs; gone afterwards with all that is in it."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    at = urlsplit(broker_url)
    management.add_vhost(name)
    try:
        yield Vhost(name, f"{at.scheme}://{name}:{name}@{at.hostname}:{at.port or 5672}/{name}", management)
    finally:
        management.delete_vhost(name)
