"""RabbitMQ 4.0 beside the installed one: what it is run with, and what is said where it cannot be had."""

import os
import subprocess
from pathlib import Path

import aio_pika
import pytest

from deploy.local import rabbitmq4
from deploy.local.machine import HERE, BrokerError
from deploy.local.node import Node

SCRIPT = HERE / "fetch-rabbitmq4.sh"

# Answers as apt does, with one small package that holds usr/bin/rabbit.
APT = r"""#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
case "$*" in
    indextargets*) cat "$here/mirror" ;;
    *download-only*)
        work=$(dirname "$APT_CONFIG")
        cp "$work/sources.list" "$here/"
        mkdir -p "$here/package/DEBIAN" "$here/package/usr/bin"
        for field in Package:r Version:4 Architecture:all Maintainer:m Description:d; do echo "$field"; done \
            >"$here/package/DEBIAN/control"
        echo rabbit >"$here/package/usr/bin/rabbit"
        dpkg-deb --build "$here/package" "$work/archives/r_4_all.deb" ;;
esac
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder searched for programs before all others, with an apt-get of our own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    (folder / "apt-get").write_text(APT)
    (folder / "apt-get").chmod(0o755)
    (folder / "mirror").write_text("http://mirror.example/debian/\n")
    return folder


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="only Debian has such packages")
def test_the_packages_come_from_the_machines_own_mirror_and_are_only_unpacked(programs: Path, tmp_path: Path) -> None:
    subprocess.run(["sh", str(SCRIPT), str(tmp_path / "root")], check=True, capture_output=True)
    assert (tmp_path / "root" / "usr" / "bin" / "rabbit").read_text() == "rabbit\n"
    assert (programs / "sources.list").read_text() == "deb http://mirror.example/debian/ trixie main\n"
    assert {path.name for path in tmp_path.iterdir()} == {"bin", "root"}


def test_a_machine_without_a_mirror_is_told_so_in_one_line(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (programs / "mirror").write_text("")
    monkeypatch.setattr(rabbitmq4, "FOLDER", tmp_path / "root")
    with pytest.raises(BrokerError, match=r"^no RabbitMQ 4\.0 here: apt's sources name no mirror .*log\)$"):
        rabbitmq4.ensure()
    assert not (tmp_path / "root").exists()


def test_a_machine_without_apt_is_told_so_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerError, match=r"^no RabbitMQ 4\.0 here: it needs apt-get, dpkg-deb, unshare$"):
        rabbitmq4.ensure()


@pytest.mark.skipif(not rabbitmq4.WANTED, reason="make test-rabbitmq4 runs it")
async def test_a_node_runs_rabbitmq_4(broker_node: Node) -> None:
    async with await aio_pika.connect(broker_node.url) as connection:
        assert connection.transport is not None
        properties = connection.transport.connection.server_properties
        assert str(properties["version"]).startswith("4.")
