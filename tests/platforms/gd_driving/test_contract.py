"""The situations of contract.py, and the sample events of deploy/samples."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.platforms.gd_driving.document import DOCUMENT, MODELS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "samples" / "gd_driving"
SAMPLES = {file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def test_the_schemas_have_as_many_fields_as_the_document(record_property: Callable[[str, object], None]) -> None:
    for operation, lines in DOCUMENT.items():
        record_property(operation, f"{len(lines)} documented, {len(MODELS[operation].model_fields)} in the schema")
        assert len(lines) == len(MODELS[operation].model_fields)
    assert sum(map(len, DOCUMENT.values())) == 98
