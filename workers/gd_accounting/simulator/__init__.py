"""广东省会计信息服务平台, simulated from its interface document alone: what the document states is enforced.

It shares no code with the worker, so that a misreading in one of them shows as a failing test.
"""

from workers.gd_accounting.simulator.app import PLATFORM, create_app
from workers.gd_accounting.simulator.demo import demo_settings

__all__ = ["PLATFORM", "create_app", "demo_settings"]
