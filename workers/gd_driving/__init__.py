"""广东 "粤学车服务" and 省驾培监管平台: reporting of driver training by schools and their timing platforms."""

from gateway.platform import Platform
from schemas.gd_driving import INBOUND
from workers.gd_driving.client import connect
from workers.gd_driving.inbound import routes
from workers.gd_driving.operations import OPERATIONS
from workers.gd_driving.settings import Settings, certificates

PLATFORM = Platform(
    name="gd_driving",
    title="广东省驾培监管平台 (粤学车服务)",
    settings=Settings,
    client=connect,
    operations=OPERATIONS,
    inbound_events=INBOUND,
    inbound_routes=routes,
    certificates=certificates,
)
