"""A further platform costs the same-named places and no edit elsewhere: shown with one that is made here."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import Process, free_port
from tests.contract.toy import FILES

ROOT = Path(__file__).parents[2]
COPIED = ("gateway", "workers", "schemas", "deploy", "tests", "pyproject.toml")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's tree with a fifth platform laid into it."""
    folder = tmp_path_factory.mktemp("tree")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for name, content in FILES.items():
        path = folder / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.strip() + "\n" if content else "", encoding="utf-8")
    return folder


def test_the_contract_suite_finds_and_tests_it(tree: Path) -> None:
    command = [sys.executable, "-m", "pytest", "tests/contract/test_every_platform.py", "-k", "toy_land", "-vv"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "toy_land: unknown code" in done.stdout
    assert "toy_land.greet" in done.stdout


def test_the_sandbox_serves_it_beside_the_others(tree: Path, tmp_path: Path) -> None:
    port = free_port()
    with Process(["sandbox", "--port", str(port)], tmp_path / "log", cwd=tree) as sandbox:
        sandbox.await_answer(port, "/toy_land/_sandbox/state")
        sandbox.await_answer(port, "/gd_accounting/_sandbox/state")


def test_what_it_lacks_is_named(tree: Path, tmp_path: Path) -> None:
    poor = tmp_path / "poor"
    shutil.copytree(tree, poor)
    (poor / "workers" / "toy_land" / "README.md").unlink()
    contract = poor / "tests" / "platforms" / "toy_land" / "contract.py"
    contract.write_text(contract.read_text().replace('"throttled"', '"something else"'))
    command = [sys.executable, "-m", "pytest", "tests/contract/test_every_platform.py", "-k", "toy_land"]
    done = subprocess.run(command, cwd=poor, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "workers/{name}/README.md" in done.stdout
    assert "throttled" in done.stdout
