#!/bin/sh
# Writes deploy/requirements/*.txt from pyproject.toml, for every platform, with the hashes of the public index.
# Pins stay as they are where they still fit; `make lock UPGRADE=--upgrade` takes the newest of everything.
set -eu
tools=.run/lock
in=deploy/requirements
[ -x "$tools/bin/python" ] || "${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/python" -m pip install -qq --require-hashes -r "$in/lock.txt"

# compile OUTPUT SOURCE [OPTION…]
compile() {
    target=$1
    shift
    "$tools/bin/uv" --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links ${UPGRADE:-} -o "$target" "$@"
    { echo "# Written by 'make lock' from pyproject.toml; not by hand."; cat "$target"; } >"$target.new"
    mv "$target.new" "$target"
}

compile "$in/dev.txt" pyproject.toml "$in/build.in" --extra dev
compile "$in/runtime.txt" pyproject.toml --constraint "$in/dev.txt"
compile "$in/build.txt" "$in/build.in" --constraint "$in/dev.txt"
compile "$in/lock.txt" "$in/lock.in"
compile "$in/bench.txt" --group pyproject.toml:bench
