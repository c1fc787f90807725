"""The private RabbitMQ: a virtual host for each run, and which queues it has."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

from deploy.local.management import Management, own_vhost
from deploy.local.node import Node


class Broker:
    """A running node with its management interface."""

    def __init__(self, node: Node) -> None:
        self.node = node

    @contextmanager
    def vhost(self) -> Iterator[str]:
        """The URL of an empty virtual host, gone after the block with everything in it."""
        with own_vhost(self.node.url, Management(self.node.management_url or "")) as own:
            yield own.url

    def queues(self, url: str) -> list[str]:
        """The names of all queues of this virtual host, whoever made them."""
        at = urlsplit(self.node.management_url or "")
        pair = base64.b64encode(f"{at.username}:{at.password}".encode()).decode()
        vhost = quote(urlsplit(url).path.removeprefix("/"), safe="")
        request = urllib.request.Request(f"http://{at.hostname}:{at.port}/api/queues/{vhost}?disable_stats=true")
        request.add_header("Authorization", f"Basic {pair}")
        with urllib.request.urlopen(request, timeout=30) as response:
            return [queue["name"] for queue in json.load(response)]
