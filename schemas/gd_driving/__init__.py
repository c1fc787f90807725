"""广东 "粤学车服务" and 省驾培监管平台 (driving training): what may be published, what it sends."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.fields import Data
from schemas.gd_driving import events

EVENTS: Final[Mapping[str, type[Data]]] = MappingProxyType(
    {
        "file-upload": events.FileUpload,
        "coach-submit": events.CoachSubmit,
        "simulator-submit": events.SimulatorSubmit,
        "student-submit": events.StudentSubmit,
        "learning-certificate-submit": events.LearningCertificateSubmit,
        "class-record-submit": events.ClassRecordSubmit,
        "training-qrcode": events.TrainingQrcode,
    }
)
"""What internal services publish: operation → its data."""

INBOUND: Final[Mapping[str, type[Data]]] = MappingProxyType({"training-signed": events.TrainingSigned})
"""What the gateway publishes when the platform calls: event → its data."""
