"""The contract's files, the same bytes from the same code, and writing them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from gateway.contract import documents
from gateway.contract.asyncapi import document
from gateway.contract.catalogue import Catalogue, catalogue
from gateway.errors import RefusedError

ASYNCAPI = "asyncapi.json"


def files() -> Mapping[str, bytes]:
    """Every file by its path. Pure but for reading what platforms are found."""
    return {path: _bytes(content) for path, content in sorted(_contents(catalogue()))}


def export(folder: Path) -> list[Path]:
    """Write all files into the folder, made where it is missing; gives their paths. Raises RefusedError.

    What an earlier export left there of types that are gone is taken away; other files are left alone.
    """
    written = {folder / path: content for path, content in files().items()}
    try:
        for path, content in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for old in folder.glob("*/*.schema.json"):
            if old not in written:
                old.unlink()
    except OSError as error:
        raise RefusedError(f"{folder}: cannot be written: {error.strerror}") from None
    return list(written)


def _contents(told: Catalogue) -> Iterator[tuple[str, Any]]:
    yield ASYNCAPI, document(told)
    yield "dead-letter-headers.schema.json", documents.dead_letter_headers_schema()
    for published in told.published:
        yield f"events/{published.type}.schema.json", documents.event_schema(published)
        yield f"results/{published.type}.schema.json", documents.result_schema(published)
    for inbound in told.inbound:
        yield f"inbound/{inbound.type}.schema.json", documents.inbound_schema(inbound)


def _bytes(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
