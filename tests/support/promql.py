"""Names in PromQL, and questions to a Prometheus."""

import asyncio
import json
import re
import urllib.parse
import urllib.request
from typing import Any

from prometheus_client import REGISTRY

_NAME = re.compile(r"\b(?:gateway_[a-z0-9_]+|gateway:[a-z0-9_:]+|up)\b")


def metric_names(expression: str) -> set[str]:
    """The metrics of ours that an expression speaks of, and `up`."""
    return set(_NAME.findall(re.sub(r'"[^"]*"', "", expression)))


def registered() -> set[str]:
    """Every name under which this process may give samples."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {m.name + end for m in REGISTRY.collect() for end in suffixes.get(m.type, ("",))}


async def query(url: str, expression: str) -> list[dict[str, Any]]:
    """The result of an instant query: series with their value now."""
    found: list[dict[str, Any]] = (await get(url, "query", query=expression))["result"]
    return found


async def get(url: str, what: str, **parameters: str) -> Any:
    """The data of a GET of /api/v1/<what>."""
    address = f"{url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
    return (await asyncio.to_thread(_read, address))["data"]


def _read(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=10) as response:
        return json.loads(response.read())
