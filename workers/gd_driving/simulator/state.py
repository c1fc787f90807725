"""Everything the simulated platform remembers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from workers.gd_driving.simulator.replies import FAILED, MALFORMED, Refused
from workers.gd_driving.simulator.signatures import Gatekeeper
from workers.gd_driving.simulator.tables import FILES

FIRST_ID = 100_001


@dataclass(frozen=True, slots=True)
class Stored:
    """An uploaded file."""

    id: int
    type: str
    name: str
    size: int
    sha256: str


class Platform:
    """Files, records of each service by their key, and who may come in."""

    KEYS: Mapping[str, tuple[str, ...]] = {
        "coach": ("coachnum",),
        "trainingsimulator": ("inscode", "simulatornum"),
        "student": ("stunum",),
        "learningcertificate": ("stunum",),
    }

    def __init__(self, gatekeeper: Gatekeeper) -> None:
        self.gatekeeper = gatekeeper
        self.files: dict[str, Stored] = {}
        self.records: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {}
        self.lessons: list[dict[str, Any]] = []
        self.accepted: Counter[str] = Counter()

    def reset(self) -> None:
        """As it was when it started."""
        self.gatekeeper.reset()
        for part in (self.files, self.records, self.lessons, self.accepted):
            part.clear()

    def store(self, kind: str, name: str, content: bytes) -> int:
        """The id of a file as A.5.3 wants it. Raises Refused."""
        formats, largest = FILES[kind]
        if not content or (largest is not None and len(content) > largest):
            raise Refused(MALFORMED, f"文件大小不超过 {largest}")
        if formats and looks_like(content) not in formats:
            raise Refused(MALFORMED, f"文件格式应为 {'、'.join(formats)}")
        number = FIRST_ID + len(self.files)
        self.add(Stored(number, kind, name, len(content), sha256(content).hexdigest()))
        return number

    def add(self, stored: Stored) -> None:
        """A file under an id of its own."""
        self.files[str(stored.id)] = stored
        self.accepted["imageup"] += 1

    def file_type(self, number: str) -> str | None:
        """What kind of file was uploaded under this id."""
        stored = self.files.get(number)
        return stored.type if stored else None

    def keep(self, service: str, values: Mapping[str, Any]) -> None:
        """备案及修改 replaces what was filed under the key.

        On a lesson that comes twice the document is silent; here it is refused, by its platform and number.
        """
        if service == "classrecord":
            same = ("platnum", "recnum", "stunum", "starttime")
            if any(all(values[name] == each[name] for name in same) for each in self.lessons):
                raise Refused(FAILED, "电子教学日志已存在")
            self.lessons.append(dict(values))
        else:
            key = self.KEYS[service]
            self.records.setdefault(service, {})[tuple(values[name] for name in key)] = dict(values)
        self.accepted[service] += 1

    def snapshot(self) -> Mapping[str, Any]:
        """What `GET /_sandbox/state` shows."""
        return {
            "accepted": dict(self.accepted),
            "files": [asdict(each) for each in self.files.values()],
            "records": {service: list(records.values()) for service, records in self.records.items()},
            "lessons": self.lessons,
            "refused_times": self.gatekeeper.refused_times,
        }


def looks_like(content: bytes) -> str | None:
    """jpg, png, pdf or mp4 by the first bytes."""
    signatures = {"jpg": (0, b"\xff\xd8\xff"), "png": (0, b"\x89PNG"), "pdf": (0, b"%PDF"), "mp4": (4, b"ftyp")}
    found = (name for name, (at, mark) in signatures.items() if content[at : at + len(mark)] == mark)
    return next(found, None)
