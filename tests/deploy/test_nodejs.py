"""Node.js and its packages: had where they can be had, from lock files that name no download host."""

import json
from pathlib import Path

import pytest

from deploy.local import nodejs
from deploy.local.nodejs import ASYNCAPI, SAMPLE, NodeError


def test_a_machine_that_offers_none_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NodeError, match="apt-get install nodejs npm") as refusal:
        nodejs.ensure(tmp_path / "install.log")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("folder", [ASYNCAPI, SAMPLE], ids=["asyncapi", "sample"])
def test_a_lock_file_names_every_package_by_its_hash_and_no_host_to_fetch_it_from(folder: Path) -> None:
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    assert len(packages) > 1
    for name, package in packages.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_packages_that_cannot_be_had_are_one_clear_line(tmp_path: Path) -> None:
    if nodejs.find_node() is None:
        pytest.skip(nodejs.ADVICE)
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "package.json").write_text('{"name": "x", "dependencies": {"amqplib": "1"}}')
    (folder / "package-lock.json").write_text("{}")
    with pytest.raises(NodeError, match="npm ci") as refusal:
        nodejs.installed(folder, tmp_path / "run")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "run" / "wrong" / ".installed").exists()
