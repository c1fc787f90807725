"""The account for a demo against this simulator."""

from pathlib import Path

from workers.gd_ecert.simulator.app import DEMO_PAAS_ID, DEMO_PAAS_TOKEN
from workers.gd_ecert.simulator.services import IDENTIFIERS

LICENCE_PATHS = {
    "licence-auth": "license/auth",
    "licence-get": "license/get_license",
    "licence-archive": "license/archive",
    "licence-token": "license/token",
}
"""As this simulator calls them; behind the real gateway they are unknown."""


def demo_settings(base_url: str, folder: Path) -> dict[str, object]:
    """The table `[platforms.gd_ecert.default]`. Writes the paasToken to a file in `folder`, as one would really."""
    token = folder / "gd_ecert_paas_token"
    token.write_text(DEMO_PAAS_TOKEN + "\n", encoding="utf-8")
    token.chmod(0o600)
    placement = {name: place for name, (place, _) in IDENTIFIERS.items()}
    case: dict[str, object] = {
        "path": "case/submit",
        "other_codes": {"BIS:10500": "rejected", "BIS:10409": "duplicate"},
    }
    site: dict[str, object] = {"path": "notices", "kind": "site", "method": "GET"}
    licences = {name: {"path": path, "placement": placement} for name, path in LICENCE_PATHS.items()}
    return {
        "base_url": base_url,
        "environment": "test",
        "paas_id": DEMO_PAAS_ID,
        "paas_token_file": str(token),
        **{name: value for name, (_, value) in IDENTIFIERS.items()},
        "services": {"case-submit": case, "notices": site, **licences},
        "inbound_services": ["case-status"],
        "application": {"unit": "示例市政务服务中心", "network": "internet", "scene": "system-first"},
    }
