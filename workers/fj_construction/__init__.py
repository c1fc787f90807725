"""福建住建: construction certificates, by way of the Fujian 应用支撑平台 to the ministry."""

from gateway.platform import Platform
from workers.fj_construction.client import connect, log_in
from workers.fj_construction.operations import OPERATIONS
from workers.fj_construction.settings import Settings

PLATFORM = Platform(
    name="fj_construction",
    title="福建住建电子证照 (全国工程质量安全监管信息平台)",
    settings=Settings,
    client=connect,
    operations=OPERATIONS,
    login=log_in,
)
