"""Section 3, getData: authorization codes, and the signed learner data that one of them fetches once."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workers.gd_accounting.simulator.codes import Code, Refused


@dataclass(frozen=True, slots=True)
class Learner:
    """Who came from the platform to an institution; `year` is text, as in the document's sample."""

    ticket: str
    id_num: str
    real_name: str
    pq_level: str | None
    year: str
    area_code: str


def signature(learner: Learner, secret: str) -> str:
    """md5 of ticket+idNum+realName+pqLevel+year+areaCode+secret, lower-case hex; a null pqLevel is "null"."""
    level = "null" if learner.pq_level is None else learner.pq_level
    parts = (
        learner.ticket,
        learner.id_num,
        learner.real_name,
        level,
        learner.year,
        learner.area_code,
        secret,
    )
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False).hexdigest()


def encoded(learner: Learner, sign: str, *, without: tuple[str, ...] = ()) -> str:
    """The answer's data, odd as in the document's sample: a leading blank, and a line break in the JSON."""
    person = {"ticket": learner.ticket, "idNum": learner.id_num, "realName": learner.real_name}
    if learner.pq_level is not None:
        person["pqLevel"] = learner.pq_level
    rest = {"year": learner.year, "areaCode": learner.area_code, "sign": sign}
    first, second = _members(person, without), _members(rest, without)
    return " " + base64.b64encode(b"{" + first + b",\n" + second + b"}").decode()


def _members(values: Mapping[str, Any], without: tuple[str, ...]) -> bytes:
    return orjson.dumps({key: value for key, value in values.items() if key not in without})[1:-1]


class Authorizations:
    """Codes issued and not yet used. The document gives codes no age, so they keep until used."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[str, str] = {}
        self._used: set[str] = set()

    def reset(self) -> None:
        """No code was ever issued."""
        self._waiting.clear()
        self._used.clear()

    def issue(self, data: str) -> str:
        """A code shaped like the document's sample: 32 hex, 96 hex, milliseconds."""
        code = f"{secrets.token_hex(16)}-{secrets.token_hex(48)}-{int(self._clock() * 1000):013d}"
        self._waiting[code] = data
        return code

    def redeem(self, code: str) -> str:
        """The data behind a code, once.

        The document names no codes. Here: a used one is A0311, one that was never issued A0416.
        """
        if code in self._used:
            raise Refused(Code.AUTHORIZATION_EXPIRED)
        if code not in self._waiting:
            raise Refused(Code.INVALID, "authorizationCode")
        self._used.add(code)
        return self._waiting.pop(code)
