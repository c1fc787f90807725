"""Refusals as problem details (RFC 9457): who is refused, why, and what to do. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

MEDIA_TYPE = "application/problem+json"

MOST_NAMED = 20
"""How many events of a batch a refusal names."""


class Kind(Enum):
    """Status, name and title of a kind of refusal. The order is the precedence in a batch."""

    CLOSED = (404, "closed", "Closed 接口未开放")
    NO_KEY = (401, "no-key", "No valid key 密钥缺失或无效")
    NOT_ALLOWED = (403, "not-allowed", "Not allowed for this publisher 无权发布")
    TOO_SLOW = (408, "too-slow", "Too slow 发送超时")
    TOO_LARGE = (413, "too-large", "Too large 内容过大")
    MEDIA_TYPE = (415, "media-type", "Unsupported media type 不支持的媒体类型")
    NO_CLOUDEVENT = (400, "no-cloudevent", "No CloudEvent 不是有效的 CloudEvent")
    UNKNOWN = (422, "unknown-type-or-account", "Unknown type or account 未知的类型或账号")
    INVALID = (422, "invalid-data", "Invalid data 数据不符合要求")
    NOT_PUBLISHED = (503, "not-published", "Not published now 暂时无法发布")

    @property
    def status(self) -> int:
        """HTTP's."""
        return self.value[0]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one event. `detail` carries no personal data."""

    kind: Kind
    detail: str


class ProblemError(Exception):
    """The request is refused. `published`: how many of its events, the first ones, were published all the same."""

    def __init__(
        self, kind: Kind, detail: str, errors: Sequence[Mapping[str, Any]] = (), published: int | None = None
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self._errors = errors
        self._published = published

    def body(self) -> dict[str, Any]:
        """The problem details."""
        status, name, title = self.kind.value
        told = {
            "type": f"urn:provincial-gateway:problem:{name}",
            "title": title,
            "status": status,
            "detail": self.detail,
        }
        more = {"errors": list(self._errors) or None, "published": self._published}
        return {**told, **{key: value for key, value in more.items() if value is not None}}


def of_faults(faults: Iterable[tuple[int, Fault]], events: int) -> ProblemError:
    """The refusal of a request of so many events, some of them faulty: pairs of an event's index and its fault."""
    found = list(faults)
    if events == 1:
        return ProblemError(found[0][1].kind, found[0][1].detail)
    first = min((fault.kind for _, fault in found), key=list(Kind).index)
    named = [{"index": n, "status": fault.kind.status, "detail": fault.detail} for n, fault in found[:MOST_NAMED]]
    detail = f"{len(found)} of {events} events are refused, and none was published; mend them and send all again"
    return ProblemError(first, detail, named, published=0)
