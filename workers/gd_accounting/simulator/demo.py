"""The account with which a gateway works against this simulator."""

from pathlib import Path
from typing import Any

from workers.gd_accounting.simulator.app import DEMO_APP_ID, DEMO_SECRET


def demo_settings(base_url: str, folder: Path) -> dict[str, Any]:
    """The table `[platforms.gd_accounting.default]`; the secret goes into a file in `folder`."""
    secret = folder.resolve() / "gd_accounting.secret"
    secret.write_text(DEMO_SECRET, encoding="utf-8")
    return {
        "base_url": base_url,
        "app_id": DEMO_APP_ID,
        "secret_file": str(secret),
        "landing_url": "https://school.example/landing",
    }
