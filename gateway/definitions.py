"""What a broker needs to know beforehand, as a definitions file of RabbitMQ: topology, policies, users, rights.

For brokers that do not let the gateway declare, and to make one from nothing. Pure, but for the salt.
"""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from secrets import token_bytes
from typing import Any

from yarl import URL

from gateway.topology import Exchange, Queue

GIBIBYTE = 1024**3

POLICIES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "gateway-bulk-limit": (r"^gateway\.[^.]+\.[^.]+\.bulk$", {"max-length-bytes": 10 * GIBIBYTE}),
    "gateway-unrouted-limit": (r"^gateway\.unrouted$", {"max-length-bytes": GIBIBYTE, "overflow": "reject-publish"}),
}
"""Pattern and definition. At the limit a publisher is refused (nack), and the disk stays free for everything else.
Nothing limits or expires what has been confirmed: dead letters stay until somebody acts."""


@dataclass(frozen=True, slots=True)
class Rights:
    """RabbitMQ's three regular expressions over names of exchanges and queues of one user."""

    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class User:
    """A user of the broker: what it is for, its rights, and its tag for the management interface."""

    purpose: str
    rights: Rights
    tags: tuple[str, ...] = ()


_LOCKS = r"^gateway\..+\.(lease|lock)$"
"""Exclusive queues: who may make them can hold a lease or a lock, and nothing else."""

_OWN_QUEUES = r"(amq\.gen-.*|{0}\..*)"

_GATEWAY = Rights(
    configure=_LOCKS,
    write=r"^(gateway\.(events|due|dead|results|inbound|delay\.[0-9]+s)|amq\.default)$",
    read=r"^gateway\.([^.]+\.[^.]+\.(bulk|interactive|due|dead)|unrouted)$",
)
_GATEWAY_DECLARES = Rights(configure=r"^gateway\..*$", write=r"^(gateway\..*|amq\.default)$", read=r"^gateway\..*$")


def users(*, declare: bool) -> dict[str, User]:
    """Every user by name, with the least rights that its work needs; `declare`: the gateway makes its topology."""
    reply, results = _OWN_QUEUES.format("reply"), _OWN_QUEUES.format("results")
    return {
        "gateway": User("the workers and the HTTP side", _GATEWAY_DECLARES if declare else _GATEWAY),
        "publisher": User(
            "internal services: publish events, read their own replies",
            Rights(f"^{reply}$", r"^gateway\.events$", f"^{reply}$"),
        ),
        "results": User(
            "internal services: bind a queue of their own to results and calls from platforms",
            Rights(f"^{results}$", f"^{results}$", rf"^(gateway\.(results|inbound)|{results})$"),
        ),
        "operator": User(
            "operators: look at everything, read and put back dead letters",
            Rights(r"^gateway\..+\.lock$", r"^gateway\.due$", r"^gateway\.([^.]+\.[^.]+\.dead|unrouted)$"),
            ("management",),
        ),
    }


def vhost_of(broker_url: str) -> str:
    """The virtual host that an AMQP URL names."""
    return URL(broker_url).path.removeprefix("/") or "/"


def definitions(
    vhost: str, exchanges: Iterable[Exchange], queues: Iterable[Queue], accounts: Mapping[str, tuple[User, str]]
) -> dict[str, list[dict[str, Any]]]:
    """The file's content; `accounts` are the users to make, by name, each with its password."""
    queues = list(queues)
    bindings = [(queue.name, *binding) for queue in queues for binding in queue.bindings]
    made: dict[str, list[dict[str, Any]]] = {
        "exchanges": [_exchange(exchange) for exchange in exchanges],
        "queues": [{"name": queue.name, **_DURABLE, "arguments": dict(queue.arguments)} for queue in queues],
        "bindings": [_binding(*binding) for binding in bindings],
        "policies": [_policy(name, *policy) for name, policy in POLICIES.items()],
        "permissions": [{"user": name, **asdict(user.rights)} for name, (user, _) in accounts.items()],
    }
    for row in (row for rows in made.values() for row in rows):
        row["vhost"] = vhost
    made["users"] = [_user(name, user, password) for name, (user, password) in accounts.items()]
    return {"vhosts": [{"name": vhost}], **made}


_DURABLE = {"durable": True, "auto_delete": False}


def _exchange(exchange: Exchange) -> dict[str, Any]:
    arguments = dict(exchange.arguments)
    return {"name": exchange.name, "type": exchange.type, **_DURABLE, "internal": False, "arguments": arguments}


def _binding(queue: str, exchange: str, key: str) -> dict[str, Any]:
    to = {"destination": queue, "destination_type": "queue"}
    return {"source": exchange, **to, "routing_key": key, "arguments": {}}


def _policy(name: str, pattern: str, definition: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "pattern": pattern, "apply-to": "queues", "definition": definition, "priority": 10}


def _user(name: str, user: User, password: str) -> dict[str, Any]:
    hashed = {"password_hash": password_hash(password, token_bytes(4)), "hashing_algorithm": HASHING}
    return {"name": name, **hashed, "tags": list(user.tags)}


HASHING = "rabbit_password_hashing_sha256"


def password_hash(password: str, salt: bytes) -> str:
    """As RabbitMQ keeps passwords: base64 of the salt (4 bytes) and of SHA-256 over salt and password."""
    return b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
