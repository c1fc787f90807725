"""What an account needs to work with this simulator as it starts without options."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from workers.fj_construction.simulator.keys import synthetic_key

SYSTEM_ID = "demo-system"
KEY = "demo-key-0123456789abcdef"
PROVINCE = "demo province"
"""Name of the synthetic key."""

ISSUED = ("3500002023000000001",)
"""二维码赋码 that the ministry has given already."""


def demo_settings(base_url: str, folder: Path) -> dict[str, object]:
    """The table `[platforms.fj_construction.default]` for a simulator served at `base_url`.

    Writes the synthetic province key into `folder`.
    """
    der = synthetic_key(PROVINCE).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "fj_construction_province_key.txt"
    path.write_text(base64.b64encode(der).decode() + "\n", encoding="ascii")
    return {
        "base_url": base_url,
        "system_id": SYSTEM_ID,
        "key": KEY,
        "province_private_key_file": str(path),
    }
