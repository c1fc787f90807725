"""A simulated gateway on loopback, and our client before it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from aiohttp.test_utils import TestServer
from structlog.testing import LogCapture

from tests.platforms.gd_ecert.bench import Bench
from workers.gd_ecert.auth import Clock
from workers.gd_ecert.client import connected
from workers.gd_ecert.settings import Settings
from workers.gd_ecert.simulator import create_app, demo_settings


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with TestServer(create_app()) as server:
        settings = Settings.model_validate(demo_settings(str(server.make_url("")).rstrip("/"), tmp_path))
        async with connected(settings, Clock()) as client:
            yield Bench(server, settings, client)


@pytest.fixture
def logged() -> Iterator[LogCapture]:
    """Everything logged meanwhile, unmasked."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    yield capture
    structlog.configure(processors=before)
