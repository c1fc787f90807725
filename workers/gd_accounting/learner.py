"""Reading who arrived: the `data` of getData (section 3), base64 JSON signed with the school's secret. Pure."""

import re
from base64 import b64decode
from collections.abc import Mapping
from hashlib import md5
from hmac import compare_digest
from itertools import product
from json import loads
from typing import Any

FIELDS = ("ticket", "idNum", "realName", "pqLevel", "year", "areaCode")
"""In the order in which they are signed."""


_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""Half a character: JSON can write it, UTF-8 cannot."""


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
    sent = {name: _text(values.get(name)) for name in (*FIELDS, "sign")}
    if any(text and _SURROGATE.search(text) for text in sent.values()):
        raise UnreadableError("data has half a character in it")
    missing = [name for name in ("ticket", "idNum", "realName", "year") if not sent[name]]
    if missing:
        raise UnreadableError(f"data lacks {', '.join(missing)}")
    given = (sent.pop("sign") or "").lower()
    if not any(compare_digest(given.encode(), sign.encode()) for sign in signs(sent, secret)):
        raise BadSignError
    return {name: text or None for name, text in sent.items()}


def signs(learner: Mapping[str, str | None], secret: str) -> list[str]:
    """The signs that are right. Section 3 only says that a pqLevel of null counts as the word; an empty one, or a
    missing areaCode, may count as the word or as nothing.
    """
    head = "".join(learner[name] or "" for name in ("ticket", "idNum", "realName"))
    levels = ["null", ""] if learner["pqLevel"] == "" else [learner["pqLevel"] or "null"]
    areas = [learner["areaCode"]] if learner["areaCode"] else ["null", ""]
    texts = [f"{head}{level}{learner['year']}{area}{secret}" for level, area in product(levels, areas)]
    return [md5(text.encode(), usedforsecurity=False).hexdigest() for text in texts]


def _decode(data: str) -> Mapping[str, Any]:
    packed = "".join(data.split()).rstrip("=")
    try:
        values = loads(b64decode(packed + "=" * (-len(packed) % 4), validate=True), strict=False)
    except (ValueError, RecursionError) as error:  # what base64, UTF-8 and JSON raise, and JSON without end
        raise UnreadableError(f"data is no base64 JSON: {type(error).__name__}") from None
    if not isinstance(values, dict):
        raise UnreadableError("data is no JSON object")
    return values


def _text(value: Any) -> str | None:
    """A value as it was signed: text as it is, whole numbers in digits; anything else is as good as absent."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)
