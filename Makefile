# Everything a person types. Needs Python 3.11 and make; installs the rest into .venv, the broker on first need.
.DEFAULT_GOAL := help
.PHONY: help setup demo up test lint lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' Makefile | expand -t 8

setup: .venv/.installed  ## make .venv with the locked dependencies and the command .venv/bin/gateway

.venv/.installed: pyproject.toml deploy/requirements/dev.txt deploy/local/setup.sh
	@PYTHON='$(PYTHON)' sh deploy/local/setup.sh

demo: setup  ## see events go through, from a broker to simulated platforms, and end by itself
	@exec .venv/bin/python -m deploy.local.demo

up: setup  ## run the gateway here, with its own broker and simulated platforms, until Ctrl-C
	@exec .venv/bin/python -m deploy.local.up

test: lint  ## lint, then every test, on a real broker and databases
	.venv/bin/python -m deploy.local.machine
	.venv/bin/python -m deploy.local.postgres
	.venv/bin/pytest

lint: setup  ## style, types, import rules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

lock:  ## write the lock files from pyproject.toml again (UPGRADE=--upgrade: the newest of everything)
	@PYTHON='$(PYTHON)' UPGRADE='$(UPGRADE)' sh deploy/local/lock.sh

clean:  ## delete what was installed and what ran here
	rm -rf .venv .run .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
