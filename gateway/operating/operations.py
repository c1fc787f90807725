"""What the platforms of configured accounts can be asked to do, for reading and editing their events."""

from collections.abc import Mapping, Sequence

from gateway import platform
from gateway.account import Account
from gateway.platform import Operation


def operations_of(accounts: Sequence[Account]) -> dict[str, Mapping[str, Operation]]:
    """Operations by platform and name. Raises PlatformError for a folder that cannot be loaded."""
    return {name: platform.load(name).operations for name in sorted({account.platform for account in accounts})}
