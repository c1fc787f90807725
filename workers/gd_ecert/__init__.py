"""粤商码“免证办”: signed calls through the provincial gateway, electronic licences behind it."""

from gateway.platform import Platform
from schemas.gd_ecert import INBOUND
from workers.gd_ecert.client import connect
from workers.gd_ecert.inbound import routes
from workers.gd_ecert.onboarding import onboarding
from workers.gd_ecert.operations import OPERATIONS
from workers.gd_ecert.settings import Settings

PLATFORM = Platform(
    name="gd_ecert",
    title="粤商码“免证办”",
    settings=Settings,
    client=connect,
    operations=OPERATIONS,
    inbound_events=INBOUND,
    inbound_routes=routes,
    onboarding=onboarding,
)
