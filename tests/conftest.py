"""Brokers: one for the whole run, a virtual host of its own for every test, and one that a test may kill.

GATEWAY_BROKER__URL names a broker that runs already (its management API is expected on port 15672, or at
GATEWAY_TEST_MANAGEMENT_URL); without it a private node is started under .run/ and removed at the end.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from deploy.local.machine import given_url
from deploy.local.management import Management, Vhost, own_vhost
from deploy.local.node import Node
from deploy.local.postgres import Postgres, PostgresError

RUN = Path(__file__).parent.parent / ".run"

UNCHECKED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
"""How long an example takes says something of the machine only; and what a fixture made serves all examples here."""

settings.register_profile("gateway", deadline=None, suppress_health_check=UNCHECKED)
settings.load_profile("gateway")


@pytest.fixture(scope="session")
def _brokers() -> Path:
    """The folder for this run's nodes; those of runs that were killed are swept away."""
    for left in RUN.glob("test-*"):
        if not Path("/proc", left.name.removeprefix("test-")).exists():
            shutil.rmtree(left, ignore_errors=True)
    return RUN / f"test-{os.getpid()}"


@pytest.fixture(scope="session")
def _broker(_brokers: Path) -> Iterator[tuple[str, Management]]:
    if url := given_url():
        at = urlsplit(url)
        guess = f"http://{at.username or 'guest'}:{at.password or 'guest'}@{at.hostname}:15672"
        yield url, Management(os.environ.get("GATEWAY_TEST_MANAGEMENT_URL", guess))
        return
    node = Node(_brokers / "shared", management=True)
    try:
        node.start()
        yield node.url, Management(node.management_url or "")
    finally:
        node.remove()
        shutil.rmtree(_brokers, ignore_errors=True)


@pytest.fixture(scope="session")
def broker_url(_broker: tuple[str, Management]) -> str:
    """The AMQP URL of the run's broker, default virtual host: everybody's."""
    return _broker[0]


@pytest.fixture
def vhost(_broker: tuple[str, Management]) -> Iterator[Vhost]:
    """An empty virtual host for this test alone, on the run's broker (some 50 ms to make and delete)."""
    url, management = _broker
    if not management.answers():
        pytest.skip("the broker of GATEWAY_BROKER__URL shows no management API: no virtual host for each test")
    with own_vhost(url, management) as own:
        yield own


@pytest.fixture
def vhost_url(vhost: Vhost) -> str:
    """The AMQP URL of a virtual host for this test alone."""
    return vhost.url


@pytest.fixture(scope="module")
def _node(_brokers: Path, request: pytest.FixtureRequest) -> Iterator[Node]:
    node = Node(_brokers / request.module.__name__.rpartition(".")[2], management=True)
    try:
        yield node
    finally:
        node.remove()


@pytest.fixture
def broker_node(_node: Node) -> Node:
    """A node of this test module's own, running when the test begins: to kill, start and stop.

    Its data is shared by the module's tests; `own_vhost(node.url, Management(node.management_url))` separates them.
    """
    _node.start()
    return _node


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the whole run; skips the test where none can be had."""
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgres-"))
    folder.chmod(0o755)  # where we are root the server is not
    server = Postgres(folder)
    try:
        server.start()
    except PostgresError as missing:
        pytest.skip(str(missing))
    else:
        yield server
    finally:
        server.remove()
