"""Reading who arrived: the `data` of getData (section 3), base64 JSON signed with the school's secret. Pure."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import md5
from hmac import compare_digest
from json import JSONDecodeError, loads
from typing import Any

FIELDS = ("ticket", "idNum", "realName", "pqLevel", "year", "areaCode")
"""In the order in which they are signed."""


class UnreadableError(Exception):
    """The data is not what section 3 describes; the message names what is missing, no value."""


class BadSignError(Exception):
    """The sign does not belong to the data and our secret: somebody else made it."""


def read_learner(data: str, secret: str) -> dict[str, str | None]:
    """The signed fields as text, `pqLevel` and `areaCode` None where absent. Raises UnreadableError, BadSignError.

    Takes what the document's own sample has: a leading blank, missing padding, line breaks in the JSON,
    `year` as text, no pqLevel, no areaCode.
    """
    values = _decode(data)
    learner = {name: _text(values.get(name)) for name in FIELDS}
    missing = [name for name in ("ticket", "idNum", "realName", "year") if not learner[name]]
    if missing:
        raise UnreadableError(f"data lacks {', '.join(missing)}")
    given = (_text(values.get("sign")) or "").lower()
    if not any(compare_digest(given.encode(), sign.encode()) for sign in signs(learner, secret)):
        raise BadSignError
    return learner


def signs(learner: Mapping[str, str | None], secret: str) -> list[str]:
    """The signs that are right: a pqLevel of null counts as the word; of a missing areaCode nothing is said."""
    head = "".join(learner[name] or "" for name in ("ticket", "idNum", "realName"))
    areas = [learner["areaCode"]] if learner["areaCode"] else ["", "null"]
    texts = [f"{head}{learner['pqLevel'] or 'null'}{learner['year']}{area}{secret}" for area in areas]
    return [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]


def _decode(data: str) -> Mapping[str, Any]:
    packed = "".join(data.split()).rstrip("=")
    try:
        values = loads(b64decode(packed + "=" * (-len(packed) % 4), validate=True), strict=False)
    except (Base64Error, UnicodeDecodeError, JSONDecodeError) as error:
        raise UnreadableError(f"data is no base64 JSON: {type(error).__name__}") from None
    if not isinstance(values, dict):
        raise UnreadableError("data is no JSON object")
    return values


def _text(value: Any) -> str | None:
    """A value as it was signed: text as it is, whole numbers in digits; anything else is as good as absent."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None
