"""广东省会计信息服务平台 (Guangdong, accountants): what may be published, what it sends."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.fields import Data
from schemas.gd_accounting.events import (
    CreditSync,
    EnrolmentCancel,
    EnrolmentCheck,
    EnrolmentRegister,
    LearnerArrived,
    LoginResolve,
    MobileLoginSync,
    QrcodeGet,
    VerificationQuery,
)

EVENTS: Final[Mapping[str, type[Data]]] = MappingProxyType(
    {
        "login-resolve": LoginResolve,
        "enrolment-check": EnrolmentCheck,
        "enrolment-register": EnrolmentRegister,
        "enrolment-cancel": EnrolmentCancel,
        "mobile-login-sync": MobileLoginSync,
        "qrcode-get": QrcodeGet,
        "verification-query": VerificationQuery,
        "credit-sync": CreditSync,
    }
)
"""What internal services publish: operation → its data."""

INBOUND: Final[Mapping[str, type[Data]]] = MappingProxyType({"learner-arrived": LearnerArrived})
"""What the gateway publishes when the platform calls: event → its data."""
