#!/bin/sh
# Makes .venv-bench with what the gateway is measured against, hashes checked. Run by `make bench`, after `make setup`.
set -eu
printf '%s\n' "installing what the gateway is measured against into .venv-bench …" >&2
.venv/bin/python -m venv --clear .venv-bench
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
.venv-bench/bin/python -m pip install -qq --require-hashes -r deploy/requirements/bench.txt
touch .venv-bench/.installed
