"""Platforms are folders: found without being imported, and a broken one leaves its neighbours alone."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import workers
from gateway import platform

ROOT = Path(__file__).parents[2]

TOY = """
from contextlib import asynccontextmanager
from gateway.account import AccountSettings
from gateway.platform import Platform

class Settings(AccountSettings):
    url: str

@asynccontextmanager
async def connect(context):
    yield None

PLATFORM = Platform(name="toy_land", title="玩具", settings=Settings, client=connect, operations={})
"""

FOLDERS = {
    "toy_land/__init__.py": TOY,
    "toy_land/simulator/__init__.py": "from aiohttp import web\ndef create_app(**options):\n"
    "    return web.Application(**options)\n",
    "broken_land/__init__.py": "raise RuntimeError('this folder is broken')\n",
    "torn_land/__init__.py": "def (:\n",
    "empty_land/__init__.py": "",
    "other_land/__init__.py": TOY,  # its name says toy_land
    "wrong_land/__init__.py": "PLATFORM = 'wrong_land'\n",
    "no_package/readme.txt": "not a package",
    "module_land.py": TOY,
}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of platforms outside the project, as an institution of its own would keep them."""
    for name, content in FOLDERS.items():
        file = tmp_path / "workers" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return tmp_path


def in_a_new_process(program: str, path: Path) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", f"import json\n{program}"],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=ROOT,
        env={"PYTHONPATH": f"{path}:{ROOT}", "PATH": "/usr/bin"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_folders_elsewhere_on_the_path_are_found_and_none_is_imported(elsewhere: Path) -> None:
    program = """
from gateway import platform
import sys
found = platform.names()
imported = [name for name in sys.modules if name.startswith("workers.")]
toy = platform.load("toy_land")
print(json.dumps([found, imported, toy.title, [name for name in sys.modules if name.startswith("workers.")]]))
"""
    found, imported, title, after = in_a_new_process(program, elsewhere)
    ours = {folder.parent.name for folder in (ROOT / "workers").glob("*/__init__.py")}
    lands = {"toy_land", "broken_land", "torn_land", "empty_land", "other_land", "wrong_land"}
    assert found == sorted(lands | ours)
    assert imported == []
    assert (title, after) == ("玩具", ["workers.toy_land"])


@pytest.fixture
def here(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same folders in this process, forgotten again afterwards."""
    monkeypatch.setattr(workers, "__path__", [*workers.__path__, str(elsewhere / "workers")])
    yield
    for name in [name for name in sys.modules if name.startswith("workers.") and "_land" in name]:
        del sys.modules[name]


@pytest.mark.usefixtures("here")
def test_a_platform_is_loaded_by_its_name() -> None:
    toy = platform.load("toy_land")
    assert (toy.name, toy.title, toy.operations, toy.inbound_events) == ("toy_land", "玩具", {}, {})


@pytest.mark.usefixtures("here")
def test_a_platform_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(platform.PlatformError, match=r"no platform 'nowhere'; known: .*toy_land"):
        platform.load("nowhere")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["empty_land", "other_land", "wrong_land"])
def test_a_folder_that_exports_no_platform_of_its_name_is_refused(name: str) -> None:
    with pytest.raises(platform.PlatformError, match=rf"workers/{name}/__init__.py must export PLATFORM"):
        platform.load(name)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["broken_land", "torn_land"])
def test_a_broken_folder_does_not_stop_its_neighbours(name: str) -> None:
    with pytest.raises(Exception, match=r".+"):
        platform.load(name)
    assert platform.load("toy_land").name == "toy_land"
    assert name in platform.names()


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("name", "why"), [("broken_land", "this folder is broken"), ("torn_land", "SyntaxError")])
def test_a_folder_that_cannot_be_loaded_is_refused_with_the_reason(name: str, why: str) -> None:
    """PlatformError: 'a platform's folder is missing or cannot be loaded; the message says which and why'."""
    with pytest.raises(platform.PlatformError, match=rf"{name}.*({why}|invalid syntax)"):
        platform.load(name)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["no_package", "module_land", "toy_land.simulator", "", ".", "../toy_land"])
def test_only_a_folder_that_is_a_package_is_a_platform(name: str) -> None:
    assert name not in platform.names()
    with pytest.raises(platform.PlatformError):
        platform.load(name)


@pytest.mark.usefixtures("here")
def test_a_platforms_simulator_gets_the_options_given() -> None:
    assert platform.simulator("toy_land", client_max_size=7)._client_max_size == 7
