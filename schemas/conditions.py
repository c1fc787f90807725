"""Rules between fields, in JSON Schema's words, beside the validators that hold them: for `json_schema_extra`.

What these cannot say (times in order, checks of a file's content) stays with the validators alone.
"""

from pydantic.config import JsonDict


def when(field: str, has: JsonDict, then: JsonDict) -> JsonDict:
    """Where `field` is so, the object is to be so."""
    return {"if": {"properties": {field: has}, "required": [field]}, "then": then}


def present(*fields: str) -> JsonDict:
    """These fields are there, and not null."""
    return {"properties": {field: {"not": {"type": "null"}} for field in fields}, "required": list(fields)}


def absent(*fields: str) -> JsonDict:
    """These fields are not there, or null."""
    return {"properties": {field: {"type": "null"} for field in fields}}
