"""广东省驾培监管平台, simulated from its interface document alone: what the document states is enforced.

It shares no code with the worker, so that a misreading in one of them shows as a failing test.
"""

from workers.gd_driving.simulator.app import create_app
from workers.gd_driving.simulator.demo import demo_settings

__all__ = ["create_app", "demo_settings"]
