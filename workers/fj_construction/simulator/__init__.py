"""The Fujian 应用支撑平台 and the ministry behind it, simulated from the interface document alone.

It shares no code with the worker, so that a misreading in one of them shows as a failing test.
"""

from workers.fj_construction.simulator.app import PLATFORM, create_app
from workers.fj_construction.simulator.demo import demo_settings

__all__ = ["PLATFORM", "create_app", "demo_settings"]
