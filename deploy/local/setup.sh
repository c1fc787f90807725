#!/bin/sh
# Makes .venv with the locked dependencies, hashes checked, and the project itself. Run by `make setup`, from the root.
# PYTHON names the interpreter. Needs nothing else; on Debian it adds python3-venv where it may.
set -eu
stamp=.venv/.installed

say() { printf '%s\n' "$*" >&2; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# With nothing to install from, Debian's venv leaves a half-made folder behind, so ask before.
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# The distribution's own comes first: it is built with optimisation, one that was compiled here often is not.
choose() {
    for candidate in /usr/bin/python3 python3; do
        if new_enough "$candidate" && has_venv "$candidate"; then echo "$candidate"; return; fi
    done
    if new_enough /usr/bin/python3; then echo /usr/bin/python3; else echo python3; fi
}

install_venv() {
    if [ "$(id -u)" = 0 ]; then as_root=; else as_root='sudo -n'; fi
    command -v apt-get >/dev/null && $as_root true 2>/dev/null || return 0
    say "installing python3-venv …"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    $as_root apt-get update -q >"$log" 2>&1 || true
    $as_root apt-get install -y -q --no-install-recommends python3-venv >>"$log" 2>&1 || cat "$log" >&2
    rm -f "$log"
}

python=${PYTHON:-$(choose)}
if ! new_enough "$python"; then
    say "Python 3.11 or newer is needed: install it, or name one with 'make setup PYTHON=/path/to/python3.11'"
    exit 1
fi
if ! { new_enough .venv/bin/python && .venv/bin/python -c 'import pip' 2>/dev/null; }; then
    has_venv "$python" || install_venv
    if ! has_venv "$python"; then
        say "Python cannot make virtual environments here: run 'apt-get install python3-venv' as root, then again"
        exit 1
    fi
    "$python" -m venv --clear .venv
fi
say "installing the locked dependencies into .venv …"
rm -f "$stamp"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
# Compiled when first imported: a third of the time, and most of it for modules that nobody imports.
.venv/bin/python -m pip install -qq --no-compile --require-hashes -r deploy/requirements/dev.txt
.venv/bin/python -m pip install -qq --no-build-isolation --no-deps --editable .
touch "$stamp"
