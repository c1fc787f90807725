"""Where a broker comes from on a machine that has, or lacks, a server, apt, the right to use it, and Docker."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy.local import machine
from deploy.local.machine import BrokerError, Machine, Source, choose
from deploy.local.node import Node

SERVER = Path("/somewhere/rabbitmq-server")
ROOT: tuple[str, ...] = ()

# Answers like Docker as far as we use it, and its "container" greets like a broker.
DOCKER = r"""#!/bin/sh
here=$(dirname "$0")
echo "$*" >>"$here/calls"
case "$1 $2" in
    "container inspect") exit 1 ;;
    create*) for last; do case "$last" in 127.0.0.1:*:5672) echo "$last" | cut -d: -f2 >"$here/port" ;; esac; done ;;
    start*) exec python3 -c '
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        client, _ = server.accept()
        client.recv(8)
        client.sendall(bytes([1]))
        client.close()
' "$(cat "$here/port")" ;;
esac
"""


def put_program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder searched for programs before all others, on a machine without a server."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "find_server", lambda: None)
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.mark.parametrize(
    ("found", "source"),
    [
        (Machine(server=SERVER, apt=True, become_root=ROOT, docker=True), Source.INSTALLED),
        (Machine(apt=True, become_root=ROOT, docker=True), Source.PACKAGE),
        (Machine(apt=True, become_root=("sudo", "-n"), docker=True), Source.PACKAGE),
        (Machine(apt=True, become_root=None, docker=True), Source.CONTAINER),
        (Machine(apt=False, become_root=ROOT, docker=True), Source.CONTAINER),
    ],
)
def test_the_first_source_that_works_is_taken(found: Machine, source: Source) -> None:
    assert choose(found) is source


@pytest.mark.parametrize("found", [Machine(), Machine(apt=True), Machine(become_root=ROOT)])
def test_a_machine_that_offers_nothing_is_told_what_to_install_in_one_line(found: Machine) -> None:
    with pytest.raises(BrokerError) as refusal:
        choose(found)
    assert "apt-get install rabbitmq-server" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_docker_counts_only_when_its_daemon_answers(programs: Path) -> None:
    put_program(programs, "docker", "#!/bin/sh\nexit 1\n")
    assert machine.look().docker is False
    put_program(programs, "docker", DOCKER)
    assert machine.look().docker is True


@pytest.mark.parametrize("existing", [None, "somebody else's"])
def test_installing_starts_no_service_and_leaves_the_policy_as_it_was(
    programs: Path, tmp_path: Path, existing: str | None
) -> None:
    policy = tmp_path / "policy-rc.d"
    if existing:
        policy.write_text(existing)
    put_program(programs, "systemctl", "#!/bin/sh\n")
    put_program(programs, "apt-get", f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\ncat {policy} >>{tmp_path}/seen\n')
    installer = ["sh", str(machine.HERE / "install-program.sh"), "rabbitmq-server", "rabbitmq-server.service"]
    subprocess.run(installer, check=True, env={**os.environ, "POLICY_FILE": str(policy)})
    assert [call.split()[0] for call in (tmp_path / "calls").read_text().splitlines()] == ["update", "install"]
    assert (existing or "exit 101") in (tmp_path / "seen").read_text()
    assert policy.exists() == (existing is not None)


def test_a_failed_installation_points_at_its_log_in_one_line(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_program(programs, "sudo", "#!/bin/sh\n[ $2 = true ] || { echo no network; exit 100; }\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(BrokerError, match=r"failed, see .*install\.log; no RabbitMQ here"):
        machine.ensure(tmp_path / "install.log")
    assert (tmp_path / "install.log").read_text() == "no network\n"


def test_a_container_is_made_started_and_removed(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_program(programs, "docker", DOCKER)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    put_program(programs, "sudo", "#!/bin/sh\nexit 1\n")
    with Node(tmp_path / "node") as node:
        assert node.running
    verbs = [call.split()[0] for call in (programs / "calls").read_text().splitlines()]
    assert verbs == ["info", "image", "container", "create", "start", "kill", "rm"]


def test_what_lives_elsewhere_is_removed_when_the_owner_is_gone(tmp_path: Path) -> None:
    keeper = subprocess.Popen(
        ["sh", str(machine.HERE / "keeper.sh"), "sleep", "600"],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"KEEPER_LAST": f"touch {tmp_path}/removed"},
    )
    keeper.communicate()
    assert (tmp_path / "removed").exists()
