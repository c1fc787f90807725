"""Every test gets a virtual host, a simulated platform and an internal service of its own."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.scene import Scene, scene


@pytest.fixture(autouse=True)
def _configured_by_files_alone(vhost_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker given by the environment was found by now; it must not replace the test's virtual host."""
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def stage(vhost_url: str, tmp_path: Path, _configured_by_files_alone: None) -> AsyncIterator[Scene]:
    """See tests.support.scene; the gateway is started by the test."""
    async with scene(vhost_url, tmp_path) as made:
        yield made
