"""The console, served, with a viewer, an operator and an admin."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.console.house import House, configured, house


@pytest.fixture(autouse=True)
def _configured_by_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_") and name != "GATEWAY_TEST_SCREENSHOTS"]:
        monkeypatch.delenv(name)


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[House]:
    """See tests.console.house."""
    async with house(configured(tmp_path)) as served:
        yield served
