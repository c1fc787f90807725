"""What a lesson (电子教学日志, A.6.3.2) needs beyond its fields. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.outcome import Category, Rejected
from schemas.gd_driving.class_record import REMOTE, ClassRecordSubmit
from workers.gd_driving.settings import Settings
from workers.gd_driving.uploads import NotSubmittedError, Types

PHOTOS = ("photo1", "photo2", "photo3")

PHOTO_TYPES: Mapping[str, str] = {"2": "classroom", "3": "simulation", "4": "onlineimg"}
"""By 培训方式 of the course code, the A.5.3 type of a lesson's photos. For 实操 it lists none."""

UNUSED_WHEN_REMOTE = ("coachnum", "carnum", "simunum")
"""远程教育平台不使用, though 必选."""


def photo_types(record: ClassRecordSubmit, settings: Settings) -> Types:
    """The type of all three photos of this lesson."""
    return dict.fromkeys(PHOTOS, PHOTO_TYPES.get(record.subjcode[0], settings.practice_photo_type))


def added(record: ClassRecordSubmit, settings: Settings) -> Mapping[str, Any]:
    """The platform's number where the event has none; empty texts for what a remote lesson does not use, if set.

    Raises NotSubmittedError.
    """
    number = record.platnum or settings.platform_number
    if number is None:
        reason = "platnum 平台编号: required, for the account has no platform_number"
        raise NotSubmittedError(Rejected("invalid", reason, Category.INVALID))
    remote = record.subjcode[0] == REMOTE and settings.empty_when_remote
    return {"platnum": number, **(dict.fromkeys(UNUSED_WHEN_REMOTE, "") if remote else {})}
