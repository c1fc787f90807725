# Everything a person types. Needs Python 3.11 and make; installs the rest into .venv, the broker on first need.
.DEFAULT_GOAL := help

# Bytecode is kept, whatever the environment says: most tests start processes, which would compile it again each time.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo up test screenshots test-rabbitmq4 faults bench lint lock clean

help:  ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*  ## /\1\t/p' Makefile | expand -t 16

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
	.venv/bin/python -m deploy.local.nodejs
	.venv/bin/python -m deploy.local.chromium
	.venv/bin/python -m deploy.local.image
	.venv/bin/python -m deploy.local.prometheus
	.venv/bin/pytest -n 3 --dist loadfile --ignore tests/faults
	.venv/bin/pytest tests/faults

screenshots: setup  ## walk through the console in Chromium, and make the pictures of its documentation anew
	.venv/bin/python -m deploy.local.chromium
	GATEWAY_TEST_SCREENSHOTS=deploy/docs/screenshots .venv/bin/pytest tests/console

test-rabbitmq4: setup  ## the tests that need a broker, on RabbitMQ 4.0 from Debian 13 (fetched once, 75 MB)
	@if .venv/bin/python -m deploy.local.rabbitmq4; then \
	    env -u GATEWAY_BROKER__URL GATEWAY_TEST_BROKER=rabbitmq4 .venv/bin/pytest \
	        tests/end_to_end tests/faults tests/contract tests/deploy/test_node.py tests/deploy/test_cluster.py \
	        tests/deploy/test_rabbitmq4.py; \
	else echo "skipped: nothing was tested"; fi

faults: setup  ## kill, cut and fill up everything, again and again; writes the README's table (SEED= RUNS= EVENTS= ONLY= AT_ONCE=)
	.venv/bin/python -m deploy.local.machine
	@mkdir -p .run; sh deploy/local/install-faketime.sh >.run/faketime.log 2>&1 || \
		echo "no faketime, see .run/faketime.log: clocks that jump are not tested"
	.venv/bin/python -m tests.faults.oracle $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(EVENTS),--events $(EVENTS)) $(if $(AT_ONCE),--at-once $(AT_ONCE)) $(if $(ONLY),--only '$(ONLY)') --readme README.md
	$(if $(ONLY),,.venv/bin/pytest -m long)

.venv-bench/.installed: deploy/requirements/bench.txt deploy/local/setup-bench.sh | setup
	@sh deploy/local/setup-bench.sh

bench: setup .venv-bench/.installed  ## measure the gateway and its alternatives; writes the README's table and plot (EVENTS= ROUNDS= ONLY=)
	.venv/bin/python -m deploy.local.machine
	.venv/bin/python -m tests.bench $(if $(EVENTS),--events $(EVENTS)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(ONLY),--only '$(ONLY)') --readme README.md

lint: setup  ## style, types, import rules
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports

lock:  ## write the lock files from pyproject.toml again (UPGRADE=--upgrade: the newest of everything)
	@PYTHON='$(PYTHON)' UPGRADE='$(UPGRADE)' sh deploy/local/lock.sh

clean:  ## delete what was installed and what ran here
	rm -rf .venv .venv-bench .run .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
