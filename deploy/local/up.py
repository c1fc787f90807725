"""`make up`: broker, simulated platforms and gateway, until Ctrl-C."""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path

from deploy.local.node import BrokerError, broker
from deploy.local.prometheus import Prometheus, PrometheusError
from deploy.local.samples import FOLDER
from deploy.local.stack import HOST, StackError, stack

RUN = Path(".run") / "up"


def main() -> int:
    """Start everything, say where it is, wait."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with broker(RUN / "broker") as url, stack(RUN, url) as running, ExitStack() as more:
            base = f"http://{HOST}:{running.http_port}"
            print(f"broker    {url}")
            print(f"metrics   {base}/metrics")
            print(f"health    {base}/healthz and {base}/readyz")
            print(f"alerts    {watched(running.http_port, more)}")
            for name in running.platforms:
                print(f"sandbox   http://{HOST}:{running.sandbox_port}/{name}/_sandbox/state")
            sample = min(FOLDER.glob("*/[0-9]*.json")).relative_to(FOLDER.parent.parent)
            print(f"try       .venv/bin/gateway publish {sample} --wait 10")
            print(f"          with GATEWAY_CONFIG={running.config}; logs are beside it. Ctrl-C stops everything.")
            sys.stdout.flush()
            signal.pause()
    except (BrokerError, StackError) as error:
        print(error)
        return 1
    except KeyboardInterrupt:
        print("stopped")
    return 0


def watched(port: int, more: ExitStack) -> str:
    """Where a Prometheus with our rules shows what this gateway tells, or what to install for one."""
    server = Prometheus(RUN / "prometheus", [f"{HOST}:{port}"])
    try:
        more.enter_context(server)
    except PrometheusError as missing:
        return str(missing)
    return f"{server.url}/alerts and {server.url}/graph (Prometheus)"


if __name__ == "__main__":
    sys.exit(main())
