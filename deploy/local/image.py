"""What the image holds in /opt/gateway, made without a container: an environment with the locked requirements and
the wheel.

`python -m deploy.local.image` installs the requirements, before anything with a time limit needs them.
"""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "deploy" / "requirements" / "runtime.txt"
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet")


class ImageError(RuntimeError):
    """It cannot be made here; the text is one line."""


def ensure() -> Path:
    """The environment's folder, its requirements installed once for each lock file. Raises ImageError."""
    home = ROOT / ".run" / f"image-{sha256(RUNTIME.read_bytes()).hexdigest()[:12]}"
    if not (home / "complete").exists():
        print("installing what the image would hold (once) …", file=sys.stderr, flush=True)
        _run(sys.executable, "-m", "venv", "--clear", home)
        install = ("install", "--require-hashes", "--requirement", RUNTIME)
        _run(home / "bin" / "python", *PIP, *install)
        (home / "complete").touch()
    return home


def install(home: Path) -> None:
    """The wheel, built of what stands here now. Raises ImageError."""
    with TemporaryDirectory() as folder:
        build = ("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", folder, ROOT)
        _run(sys.executable, *PIP, *build)
        (wheel,) = Path(folder).glob("*.whl")
        _run(home / "bin" / "python", *PIP, "install", "--no-deps", "--force-reinstall", wheel)


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise ImageError(f"the image's environment cannot be made: {said}")


def main() -> None:
    """Makes sure that tests will find the requirements; where they cannot be had, says what is not tested."""
    try:
        ensure()
    except ImageError as missing:
        print(f"{missing}; what it holds is not tested", file=sys.stderr)


if __name__ == "__main__":
    main()
