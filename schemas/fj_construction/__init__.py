"""福建住建 (Fujian, construction certificates for the ministry): what may be published."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.fields import Data
from schemas.fj_construction.events import (
    CertificateFileSubmit,
    CertificateSubmit,
    ResponseLogReport,
    TokenValidate,
)

EVENTS: Final[Mapping[str, type[Data]]] = MappingProxyType(
    {
        "certificate-submit": CertificateSubmit,
        "certificate-file-submit": CertificateFileSubmit,
        "token-validate": TokenValidate,
        "response-log-report": ResponseLogReport,
    }
)
"""What internal services publish: operation → its data."""

INBOUND: Final[Mapping[str, type[Data]]] = MappingProxyType({})
"""The platform calls nobody."""
