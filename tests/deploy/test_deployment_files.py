"""What the files under deploy/ are validated by, and what they promise beyond their format."""

import json
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gateway import settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("gateway.service", "gateway-worker@.service")
PROGRAMS = Path(sys.executable).parent


def passes(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- image


def test_the_dockerfile_passes_hadolint() -> None:
    passes(PROGRAMS / "hadolint", DEPLOY / "Dockerfile")


def test_the_image_runs_as_nobody_in_particular_from_locked_requirements() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001:10001$", text, flags=re.MULTILINE)
    requirements = re.findall(r"pip install --require-hashes --requirement (\S+)", text)
    assert requirements == ["deploy/requirements/build.txt", "deploy/requirements/runtime.txt"]
    for install in re.findall(r"pip (?:install|wheel) (.*)", text):
        assert "--require-hashes" in install or "--no-deps" in install
    assert "HEALTHCHECK" in text
    assert "curl" not in text


def test_what_the_image_copies_is_not_ignored() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    for source in (word for words in copied for word in words.split()):
        assert (ROOT / source).exists(), source
        assert any(source == name or source.startswith(f"{name}/") for name in allowed), source


# --- Compose


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def test_compose_keeps_to_its_specification() -> None:
    passes(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")


def test_every_file_that_compose_mounts_is_there_and_every_secret_is_made(compose: Any, tmp_path: Path) -> None:
    passes("sh", DEPLOY / "compose" / "make-secrets.sh", tmp_path / "secrets")
    for config in compose["configs"].values():
        assert (DEPLOY / config["file"]).is_file(), config
    assert {Path(secret["file"]).name for secret in compose["secrets"].values()} == {
        file.name for file in (tmp_path / "secrets").iterdir()
    }
    binds = [bind for service in compose["services"].values() for bind in service.get("volumes", ())]
    for source in (bind.split(":")[0] for bind in binds if bind.startswith("./")):
        assert (DEPLOY / source).is_dir() or not (DEPLOY / source).parent.exists(), source


def test_secrets_are_random_kept_and_nobody_elses(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, first, second):
        before = contents(folder)
        passes("sh", DEPLOY / "compose" / "make-secrets.sh", folder)
        assert before.items() <= contents(folder).items()
    assert stat.S_IMODE(first.stat().st_mode) == 0o700
    same = {name for name, text in contents(first).items() if contents(second)[name] == text}
    assert same == {"gd_accounting_secret"}  # what the simulated platform takes


def contents(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()} if folder.exists() else {}


def test_the_gateway_reads_the_settings_that_compose_gives_it(
    compose: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes("sh", DEPLOY / "compose" / "make-secrets.sh", tmp_path)
    for name, value in compose["services"]["gateway"]["environment"].items():
        monkeypatch.setenv(name, value.replace("/run/secrets", str(tmp_path)))
    file = tmp_path / "gateway.toml"
    given = (DEPLOY / compose["configs"]["gateway"]["file"]).read_text(encoding="utf-8")
    file.write_text(given.replace("/run/secrets", str(tmp_path)), encoding="utf-8")
    loaded = settings.load(file)
    assert [str(account) for account in settings.accounts(loaded)] == ["gd_accounting.default"]
    assert loaded.broker.url.endswith("@rabbitmq:5672/gateway")
    assert not loaded.broker.declare
    assert loaded.ledger.url.startswith("postgresql://gateway:")


def test_each_service_is_limited_and_restarts_and_the_long_ones_are_watched(compose: Any) -> None:
    for name, service in compose["services"].items():
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name
        assert service["restart"] == ("no" if name == "definitions" else "unless-stopped"), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
    assert compose["services"]["gateway"]["deploy"]["replicas"] == 2
    assert compose["services"]["sandbox"]["profiles"] == ["sandbox"]
    variables = [pair for service in compose["services"].values() for pair in service.get("environment", {}).items()]
    assert all("/run/secrets/" in value for name, value in variables if re.search("PASSWORD|SECRET", name))


# --- systemd


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """The units, with a program that is there in the place of ours."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here: apt-get install systemd")
    made = []
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text(encoding="utf-8")
        assert "ExecStart=/opt/gateway/bin/gateway " in text
        copy = tmp_path / name.replace("@", "@gd_accounting.default")
        copy.write_text(text.replace("/opt/gateway/bin/gateway ", "/bin/true "), encoding="utf-8")
        made.append(copy)
    return made


def test_systemd_takes_the_units_and_finds_them_little_exposed(units: list[Path]) -> None:
    for unit in units:
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        passes("systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", unit)


def test_both_units_are_locked_down_alike() -> None:
    first, second = ((DEPLOY / "systemd" / name).read_text().partition("UMask=")[2] for name in UNITS)
    assert first == second != ""


# --- Kubernetes


def manifests() -> Iterator[tuple[Path, Any]]:
    for file in sorted((DEPLOY / "kubernetes").rglob("*.yaml")):
        if file.name not in {"kustomization.yaml", "egress.yaml"}:  # the latter is a patch
            for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
                yield file, document


def test_each_manifest_keeps_to_kubernetes_schemas() -> None:
    kinds = set()
    for _, document in manifests():
        kubernetes_validate.validate(document, "1.31", strict=True)
        kinds.add(document["kind"])
    assert kinds >= {
        "Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceAccount", "Secret", "Namespace",
    }  # fmt: skip


def test_the_overlay_renders_to_manifests_that_keep_to_them_too() -> None:
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl here")
    rendered = passes("kubectl", "kustomize", DEPLOY / "kubernetes" / "overlays" / "example")
    documents = list(yaml.safe_load_all(rendered))
    for document in documents:
        kubernetes_validate.validate(document, "1.31", strict=True)
    (deployment,) = (document for document in documents if document["kind"] == "Deployment")
    (configuration,) = (document for document in documents if document["kind"] == "ConfigMap")
    volumes = {volume["name"]: volume for volume in deployment["spec"]["template"]["spec"]["volumes"]}
    assert volumes["configuration"]["configMap"]["name"] == configuration["metadata"]["name"]
    (policy,) = (document for document in documents if document["kind"] == "NetworkPolicy")
    assert {"ipBlock": {"cidr": "203.0.113.10/32"}} in policy["spec"]["egress"][-1]["to"]


def test_the_pods_are_two_watched_and_may_do_nothing() -> None:
    (spec,) = (document["spec"] for _, document in manifests() if document["kind"] == "Deployment")
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["replicas"] == 2
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (budget,) = (document["spec"] for _, document in manifests() if document["kind"] == "PodDisruptionBudget")
    assert budget["minAvailable"] == 1
    assert budget["selector"] == spec["selector"]


def test_the_secrets_of_the_example_are_those_that_the_pods_read() -> None:
    example = DEPLOY / "kubernetes" / "overlays" / "example"
    (secret,) = (document for _, document in manifests() if document["kind"] == "Secret")
    named = set(re.findall(r"/run/secrets/gateway/(\w+)", (example / "gateway.toml").read_text()))
    for _, document in manifests():
        named |= set(re.findall(r"/run/secrets/gateway/(\w+)", json.dumps(document)))
    assert named == secret["stringData"].keys()
    assert tomllib.loads((example / "gateway.toml").read_text())["broker"] == {"declare": False}
