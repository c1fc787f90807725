"""广东省会计信息服务平台: reporting of accounting continuing education by schools."""

from gateway.platform import Platform
from schemas.gd_accounting import INBOUND
from workers.gd_accounting.client import connect, log_in
from workers.gd_accounting.inbound import routes
from workers.gd_accounting.operations import OPERATIONS
from workers.gd_accounting.settings import Settings

PLATFORM = Platform(
    name="gd_accounting",
    title="广东省会计信息服务平台",
    settings=Settings,
    client=connect,
    operations=OPERATIONS,
    inbound_events=INBOUND,
    inbound_routes=routes,
    login=log_in,
)
