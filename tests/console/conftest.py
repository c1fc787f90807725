"""The console, served: with nothing behind it but a ledger, or on the morning after a bad night, in a browser."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from deploy.local.chromium import find_program
from deploy.local.management import Management, own_vhost
from tests.console.browser import chromium
from tests.console.house import House, configured, house
from tests.console.night import Night, night


@pytest.fixture(autouse=True)
def _configured_by_files_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        monkeypatch.delenv(name)


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[House]:
    """See tests.console.house."""
    async with house(configured(tmp_path)) as served:
        yield served


@pytest.fixture(scope="package")
def morning(_broker: tuple[str, Management], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """See tests.console.night; made once, so a test looks only after letters that no other one mends."""
    url, management = _broker
    if find_program() is None:
        pytest.skip("no Chromium here: python -m deploy.local.chromium")
    if not management.answers():
        pytest.skip("the broker of GATEWAY_BROKER__URL shows no management API: no virtual host of our own")
    with own_vhost(url, management) as own, night(tmp_path_factory.mktemp("night"), own.url) as made:
        yield made


@pytest.fixture(scope="module")
def browser(morning: Night) -> Iterator[Browser]:
    """Chromium, for one module: no test with a loop of its own can run meanwhile."""
    program = find_program()
    assert program is not None
    with chromium(program) as running:
        yield running
