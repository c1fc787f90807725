"""The oracle shares no code with what it judges."""

import ast
from collections.abc import Iterator
from pathlib import Path

JUDGED = {"gateway", "workers", "schemas"}
HERE = Path(__file__).parent


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_no_file_of_the_oracle_imports_the_gateway_or_helpers_that_do() -> None:
    files = [
        *HERE.glob("*.py"),
        HERE.parents[2] / "deploy/local/node.py",
        HERE.parents[2] / "deploy/local/runtimes.py",
        HERE.parents[2] / "deploy/local/management.py",
    ]
    for file in files:
        roots = {name.split(".")[0] for name in imported(file)}
        assert not roots & JUDGED, file.name
        assert not any(name.startswith("tests.support") for name in imported(file)), file.name
