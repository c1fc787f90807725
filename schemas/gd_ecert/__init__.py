"""粤商码“免证办” (Guangdong, electronic licences): what may be published, what the provincial gateway sends."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas.fields import Data
from schemas.gd_ecert.events import (
    LicenceArchive,
    LicenceAuth,
    LicenceGet,
    LicenceToken,
    ServiceCall,
    ServiceInvoked,
)

EVENTS: Final[Mapping[str, type[Data]]] = MappingProxyType(
    {
        "service-call": ServiceCall,
        "licence-auth": LicenceAuth,
        "licence-get": LicenceGet,
        "licence-archive": LicenceArchive,
        "licence-token": LicenceToken,
    }
)
"""What internal services publish: operation → its data."""

INBOUND: Final[Mapping[str, type[Data]]] = MappingProxyType({"service-invoked": ServiceInvoked})
"""What the gateway publishes when the platform calls: event → its data."""
