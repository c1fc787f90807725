"""Which network policies an account needs, by 网络策略放通说明 of section 3.3. Pure."""

from urllib.parse import urlsplit

from workers.gd_ecert.forms import ADDRESSES
from workers.gd_ecert.settings import Settings

PORTS = {"http": 80, "https": 443}


def needed(settings: Settings) -> list[dict[str, str | None]]:
    """The lines of form 3.2 for 政务外网: our calls, and 互访 for what is published. None: not known yet."""
    addresses = ADDRESSES[settings.environment]
    ours = settings.application.server or (str(settings.source_address) if settings.source_address else None)
    gateway = f"{addresses['api 网关']} (api 网关)"
    rows = [_row(ours, gateway, "业务系统调用网关服务", settings.base_url)]
    for peer in _peers(settings):
        theirs = f"{addresses[peer]} ({peer})"
        rows += [
            _row(theirs, ours, f"{peer}访问业务系统", settings.application.server_url),
            _row(ours, theirs, f"业务系统访问{peer}", settings.base_url),
        ]
    return rows


def _peers(settings: Settings) -> tuple[str, ...]:
    """发布服务: 中台到业务系统和网关到业务系统的互访; 发布站点: 网关到业务系统的互访."""
    if settings.application.published_services or settings.inbound_services:
        return ("中台", "api 网关")
    return ("api 网关",) if settings.application.published_sites else ()


def _row(source: str | None, target: str | None, relation: str, address: str | None) -> dict[str, str | None]:
    return {"source": source, "target": target, "relation": relation, "service": _port(address)}


def _port(address: str | None) -> str | None:
    if address is None:
        return None
    parts = urlsplit(address)
    try:
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    return None if port is None else f"TCP {port}"
