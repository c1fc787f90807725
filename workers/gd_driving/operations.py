"""The seven operations, what a repeated request would do at the platform, and what their answers become."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from time import time
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from gateway.outcome import Accepted, Category, Ending, Rejected
from gateway.platform import AfterDeath, Operation, Repeat
from gateway.steps import Steps
from schemas.fields import Data
from schemas.gd_driving import EVENTS, events
from workers.gd_driving import course, lesson, qrcode
from workers.gd_driving.client import Client
from workers.gd_driving.settings import Settings
from workers.gd_driving.uploads import NotSubmittedError, Types, Upload, carried, fetch, upload_all

COACH_FILES: Types = {
    "photo": "coachimg",
    "fingerprint": "coachfp",
    "jsz": "jsz",
    "sfz": "sfz",
    "ydwjpzm": "ydwjpzm",
    "pyht": "pyht",
    "xlzm": "xlzm",
    "jdcjsraqjsjl": "jdcjsraqjsjl",
}
SIMULATOR_FILES: Types = {"photo": "simulatorimg"}
STUDENT_FILES: Types = {"photo": "stuimg", "fingerprint": "stufp", "contract": "stucontract"}
CERTIFICATE_FILES: Types = {"certificate": "certificate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How the event of one table of appendix 4 becomes its request.

    `types`: field → the A.5.3 type of the file whose id it wants. `as_id`: 数值型 or 字符型. `added`: what the
    account adds to the document's fields; may raise NotSubmittedError. `warn`: what is odd, but not refused.
    """

    service: str
    types: Callable[[Any, Settings], Types]
    as_id: Callable[[int], int | str] = int
    added: Callable[[Any, Settings], Mapping[str, Any]] = lambda data, settings: {}
    warn: Callable[[Any], list[str]] = lambda data: []


async def _upload(client: Client, data: events.FileUpload, _: Steps) -> Ending:
    """A.5.3: the answer's response is the file's id."""
    try:
        content = await fetch(client, Upload("file", data.type, data.file))
    except NotSubmittedError as error:
        return error.ending
    return await client.upload(data.type, content)


def _submitting(record: Record) -> Callable[[Client, Data, Steps], Any]:
    """Files in place of ids go first, each once however often the event is tried; then the record itself."""

    async def call(client: Client, data: Data, steps: Steps) -> Ending:
        try:
            added = record.added(data, client.settings)
            uploaded = await upload_all(client, carried(data, record.types(data, client.settings)), steps)
        except NotSubmittedError as error:
            return error.ending
        ids = {name: record.as_id(number) for name, number in uploaded.items()}
        await steps.sending()
        ending = await client.submit(record.service, body(data, {**added, **ids}))
        if isinstance(ending, Accepted):
            return ending.with_response(_response(ending, ids, record.warn(data)))
        return ending

    return call


def body(data: Data, instead: Mapping[str, Any]) -> bytes:
    """The request: the document's fields in its order, some replaced, those that are not given left out."""
    values = {name: instead.get(name, value) for name, value in data}
    return orjson.dumps({name: value for name, value in values.items() if value is not None}, default=_exact)


def _exact(value: object) -> orjson.Fragment:
    """A measure as the number that was published, never by way of a float."""
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(type(value).__name__)


def _response(ending: Accepted, ids: Mapping[str, Any], warnings: list[str]) -> Mapping[str, Any] | None:
    """The platform's own data, field → id of what was uploaded on the way, and warnings; each where there is any."""
    found = {"data": (ending.response or {}).get("data"), "files": dict(ids), "warnings": warnings}
    return {name: value for name, value in found.items() if value} or None


async def _qrcode(client: Client, data: events.TrainingQrcode, _: Steps) -> Ending:
    """附件一 for a terminal, 附件三 for a remote platform's app, as the account is set up. Calls nobody."""
    settings, now = client.settings, int(time())
    response: dict[str, Any] = {}
    callbacks = qrcode.callbacks(client.account, settings)
    if settings.callback_url and callbacks:
        try:
            text = qrcode.content(settings.callback_url, callbacks.sign(data.callback, now), now)
        except qrcode.TooLongError as error:
            reason = (
                f"the QR content would have {error.size} bytes of {qrcode.LONGEST}: callback 回调参数 is too long"
            )
            return Rejected("qrcode-too-long", reason, Category.INVALID)
        expires = datetime.fromtimestamp(now + qrcode.VALID_SECONDS, ZoneInfo("Asia/Shanghai"))
        response = {
            "text": text,
            "imageBase64": qrcode.picture(text, settings.qrcode_pixels),
            "expires_at": expires.isoformat(timespec="seconds"),
        }
    if settings.app_name:
        response["mini_program_path"] = qrcode.mini_program_path(settings.app_name)
    if not response:
        return Rejected("not-configured", "the account has neither callback_url nor app_name")
    return Accepted(response=response)


def _record(
    name: str,
    section: str,
    title: str,
    lane: tuple[str, ...],
    record: Record,
    repeat: Repeat = Repeat.IDEMPOTENT,
    after_death: AfterDeath = AfterDeath.SKIP,
) -> Operation:
    return Operation(
        name=name,
        title=title,
        section=section,
        model=EVENTS[name],
        call=_submitting(record),
        repeat=repeat,
        lane=lane,
        several_calls=True,
        after_death=after_death,
    )


_ALL = (
    Operation(
        name="file-upload",
        title="文件资料信息上传",
        section="A.5.3",
        model=events.FileUpload,
        call=_upload,
        # a second upload is a second file under another id (接收方自行编号), to which nothing refers
        repeat=Repeat.IDEMPOTENT,
    ),
    _record(
        "coach-submit",
        "A.6.2.3.1",
        "备案及修改教练员",
        ("coachnum",),
        Record(service="coach", types=lambda data, settings: COACH_FILES),
    ),
    _record(
        "simulator-submit",
        "A.6.2.9.1",
        "备案及修改模拟器",
        ("inscode", "simulatornum"),
        Record(service="trainingsimulator", types=lambda data, settings: SIMULATOR_FILES),
    ),
    _record(
        "student-submit",
        "A.6.3.1.1",
        "备案及修改学员",
        ("stunum",),
        Record(service="student", types=lambda data, settings: STUDENT_FILES),
        # 教学日志 and 学习驾驶证明 of a student who is not on file would be refused
        after_death=AfterDeath.HOLD,
    ),
    _record(
        "learning-certificate-submit",
        "A.6.3.1.5",
        "备案学习驾驶证明",
        ("stunum",),
        Record(service="learningcertificate", types=lambda data, settings: CERTIFICATE_FILES),
    ),
    _record(
        "class-record-submit",
        "A.6.3.2",
        "电子教学日志",
        ("stunum",),
        Record(
            service="classrecord",
            types=lesson.photo_types,
            as_id=str,
            added=lesson.added,
            warn=lambda data: course.warnings(data.subjcode),
        ),
        # not called 备案及修改, and the document is silent on a lesson that comes twice: its hours could count twice
        Repeat.NEVER,
    ),
    Operation(
        name="training-qrcode",
        title="培训二维码",
        section="附件一, 附件三",
        model=events.TrainingQrcode,
        call=_qrcode,
        repeat=Repeat.IDEMPOTENT,
        interactive=True,
    ),
)

OPERATIONS: Mapping[str, Operation] = {operation.name: operation for operation in _ALL}
"""备案及修改 files a record or changes it: the same request twice leaves the same record, so it may be repeated.

备案学习驾驶证明 is 备案修改 in the document's table of revisions.
"""
