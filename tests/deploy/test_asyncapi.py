"""The official parser takes the AsyncAPI document that is exported, and would not take a wrong one."""

import json
import subprocess
from pathlib import Path

import pytest

from deploy.local import nodejs
from deploy.local.nodejs import NodeError
from gateway.contract.export import ASYNCAPI, files

RUN = Path(__file__).parents[2] / ".run" / "node"


@pytest.fixture(scope="module")
def checker() -> Path:
    """The parser with its packages."""
    try:
        return nodejs.installed(nodejs.ASYNCAPI, RUN)
    except NodeError as missing:
        pytest.skip(str(missing))


def parsed(checker: Path, folder: Path, document: bytes) -> tuple[int, str]:
    """Exit code and words of the parser."""
    file = folder / ASYNCAPI
    file.write_bytes(document)
    done = subprocess.run(["node", "check.cjs", str(file)], cwd=checker, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_official_parser_accepts_the_document_without_errors_or_warnings(checker: Path, tmp_path: Path) -> None:
    document = files()[ASYNCAPI]
    code, told = parsed(checker, tmp_path, document)
    messages = json.loads(document)["components"]["messages"]
    channels = json.loads(document)["channels"]
    assert (code, told.strip()) == (0, f"{len(channels)} channels, {len(messages)} messages")


def test_the_parser_would_tell_what_is_wrong(checker: Path, tmp_path: Path) -> None:
    document = json.loads(files()[ASYNCAPI])
    small = {name: document[name] for name in ("asyncapi", "info", "servers")}
    channel = {"address": "events", "servers": [{"$ref": "#/servers/nowhere"}]}
    code, told = parsed(checker, tmp_path, json.dumps({**small, "channels": {"events": channel}}).encode())
    assert code == 1
    assert "#/servers/nowhere" in told
