import subprocess
import sys

from tests.bench.usage import usage

BURN = "import time; t = time.process_time()\nwhile time.process_time() < t + 0.3: pass"
PARENT = (
    f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}]); print(flush=True); sys.stdin.read()"
)


def test_what_children_used_counts() -> None:
    command = [sys.executable, "-c", PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True) as program:
        assert program.stdout is not None
        program.stdout.readline()
        used = usage(program.pid)
        program.communicate()
    assert used.cpu_seconds >= 0.3
    assert used.peak_bytes > 1_000_000
