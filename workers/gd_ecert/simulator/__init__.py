"""The provincial gateway with services behind it, simulated from the guide and the facts beyond it alone.

It shares no code with the worker, so that a misreading in one of them shows as a failing test.
"""

from workers.gd_ecert.simulator.app import GATEWAY, create_app
from workers.gd_ecert.simulator.demo import demo_settings

__all__ = ["GATEWAY", "create_app", "demo_settings"]
