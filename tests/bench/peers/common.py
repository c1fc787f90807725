"""What all peers are told, and the words of a result: nothing of the project's, which is not in their environment."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

AMQP_URL = os.environ.get("BENCH_AMQP_URL", "")
TARGET = os.environ.get("BENCH_ENDPOINT", "") + "/intf/org/synchronizeScore"
AT_ONCE = 200
"""Events under way at a time, and taken from the broker in advance."""

RESULTS = "gateway.results"
KEY = "gd_accounting.default.credit-sync.accepted"
JSON = "application/json"


def result(event: Mapping[str, Any], answer: Mapping[str, Any]) -> bytes:
    """The body of an event's result, with what the gateway's has. Raises ValueError for a refusal."""
    if answer["status"] != "200":
        raise ValueError(f"refused: {answer['status']}")
    finished = datetime.now(UTC).isoformat()
    about = {"specversion": "1.0", "id": f"{event['id']}-result", "source": "/bench", "time": finished}
    told = {"event_id": event["id"], "outcome": "accepted", "code": answer["status"], "message": answer["msg"]}
    more = {"duplicate": False, "attempts": 1, "response": answer["data"], "finished_at": finished}
    return json.dumps({**about, "type": f"{event['type']}.accepted", "data": {**told, **more}}).encode()
