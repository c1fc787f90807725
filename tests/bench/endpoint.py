"""An HTTP platform that answers at once: Debian's nginx, so that the platform is never what is measured."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.installing import install
from deploy.local.runtimes import LOOPBACK, free_ports
from deploy.local.stack import status
from tests.bench.errors import EndpointError

ADVICE = "no nginx here: run 'apt-get install --no-install-recommends nginx-light' as root"
START_SECONDS = 15.0

CONFIGURATION: Final = """\
daemon off;
master_process off;
worker_processes 1;
pid nginx.pid;
error_log error.log error;
events { worker_connections 4096; }
http {
    access_log off;
    default_type application/json;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    server {
        listen %(address)s backlog=4096;
        location ~ login { return 200 '{"status":"200","msg":"ok","data":{"token":"t-1"}}'; }
        location / { return 200 '{"status":"200","msg":"ok","data":{"cancel":true,"check":true}}'; }
    }
}
"""


@contextmanager
def endpoint(folder: Path) -> Iterator[str]:
    """The base URL of an endpoint that accepts everything at once, while the block runs. Raises EndpointError."""
    program = _ensured(folder / "install.log")
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(CONFIGURATION % {"address": f"{LOOPBACK}:{port}"}, encoding="utf-8")
    command = [program, "-p", str(folder.absolute()), "-c", "nginx.conf", "-e", "error.log"]
    # Linux ends it when we are killed.
    server = subprocess.Popen(["setpriv", "--pdeathsig=KILL", *command], start_new_session=True)
    try:
        _await_answer(server, port, folder)
        yield f"http://{LOOPBACK}:{port}"
    finally:
        server.kill()
        server.wait()


def _await_answer(server: "subprocess.Popen[bytes]", port: int, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while status(port, "/") is None:
        if server.poll() is not None or time.monotonic() > deadline:
            raise EndpointError(f"nginx does not come up, see {folder / 'error.log'}")
        time.sleep(0.02)


def _ensured(log: Path) -> str:
    """The program, installed where it is missing."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if found := find():
        return found
    what = "nginx (once; no service is started)"
    install(what, log, "install-program.sh", "nginx-light", "nginx.service")
    if found := find():
        return found
    raise EndpointError(f"{ADVICE}; what was tried is in {log}")


def find() -> str | None:
    """The path of nginx, where Debian puts it for root alone too."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
