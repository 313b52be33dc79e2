# The commands of this repository. Python 3.11 or newer and make are all they need.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
ROUNDS ?= 5
SECONDS ?= 12
SCHEMAS ?= 200
BROKER ?= valkey
LEASE ?= 5
EVENTS ?= 10000
MINUTES ?= 10

PEERS = .bench

.DEFAULT_GOAL := help
.PHONY: help demo test unit lint docs audit fuzz chaos load soak bench bench-doc bench-smoke dist clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.demo: setup.cfg
	@echo "Creating the environment $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local]'
	@touch $@

$(VENV)/.dev: requirements.txt setup.cfg
	@echo "Creating the environment $(VENV) with everything for development (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(VENV)/.demo ## Migrate a sample fleet of 100 tenants from nothing, watch it, and stop everything again
	@$(BIN)/migrator demo

test: $(VENV)/.dev lint ## Run the linters and all tests, against real servers and workers that are started for it
	@$(BIN)/python -m pytest tests/unit -q -n 2
	@$(BIN)/python -m pytest tests/integration tests/acceptance -q -n 2 --dist loadfile
	@$(BIN)/python -m pytest tests/browser -q -n 2 --dist loadfile
	@$(BIN)/python -m tests.chaos --rounds 2 --seconds 8

unit: $(VENV)/.dev ## Run the unit tests alone; seconds
	@$(BIN)/python -m pytest tests/unit -q

lint: $(VENV)/.dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

docs: $(VENV)/.dev ## Write the pages that are made from the code: command line, its JSON, settings, errors
	@$(BIN)/python -m docs.generate
	@$(BIN)/ruff format --quiet migrator/cli/summaries.py

audit: $(VENV)/.dev ## Ask whether a dependency has a known vulnerability
	@$(BIN)/python .ci/audit.py

fuzz: $(VENV)/.dev ## Try hostile input for longer than the tests do; minutes
	@FUZZ=40 $(BIN)/python -m pytest tests/unit/test_fuzz.py tests/integration/test_hostile_names.py -q -n 2

chaos: $(VENV)/.dev ## Migrate fleets while everything is killed by lot, and check: ROUNDS SEED SECONDS SCHEMAS BROKER LEASE
	@$(BIN)/python -m tests.chaos --rounds $(ROUNDS) --seconds $(SECONDS) --schemas $(SCHEMAS) --broker $(BROKER) \
		--lease $(LEASE) $(if $(SEED),--seed $(SEED)) $(if $(JSON),--json $(JSON))

load: $(VENV)/.dev ## Publish 10,000 events at once and see that none is lost: EVENTS BROKER
	@$(BIN)/python -m tests.load burst --events $(EVENTS) --broker $(BROKER)

soak: $(VENV)/.dev ## Publish events for 10 minutes and see that nothing grows: MINUTES BROKER
	@$(BIN)/python -m tests.load soak --minutes $(MINUTES) --broker $(BROKER)

$(PEERS)/.ready: $(wildcard benchmarks/peers/*.txt) benchmarks/peers/package.json
	@echo "Installing the tools to compare with in $(PEERS) (once); one that cannot be had is left out"
	@test -x $(PEERS)/python/bin/python || $(PYTHON) -m venv $(PEERS)/python
	@for peer in $(wildcard benchmarks/peers/*.txt); do \
	  $(PEERS)/python/bin/python -m pip install --quiet --disable-pip-version-check -r $$peer || \
	  echo "not installed: $$peer" >&2; done
	@cp benchmarks/peers/package.json $(PEERS)/
	@npm install --prefix $(PEERS) --no-audit --no-fund --loglevel=error >/dev/null || \
	  echo "not installed: what comes from npm" >&2
	@touch $@

bench: $(VENV)/.dev $(PEERS)/.ready ## Measure beside a plain psycopg2 loop and other tools; ratios, in about an hour
	@$(BIN)/python -m benchmarks

bench-doc: $(VENV)/.dev $(PEERS)/.ready ## The same, written into docs/performance.md and README.md
	@$(BIN)/python -m benchmarks --doc docs/performance.md --readme README.md

bench-smoke: $(VENV)/.dev $(PEERS)/.ready ## Run the benchmark with tiny sizes, to see that all lanes do the same work
	@$(BIN)/python -m benchmarks --smoke

dist: $(VENV)/.dev ## Build wheel and sdist, check them, and install the wheel in an environment of its own
	@rm -rf dist build
	@$(BIN)/python -m build --no-isolation . >/dev/null
	@$(BIN)/python -m twine check --strict dist/*
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && $(PYTHON) -m venv "$$scratch" && \
	  "$$scratch/bin/python" -m pip install --quiet --disable-pip-version-check dist/*.whl && cd "$$scratch" && \
	  bin/migrator --version && bin/migrator --help >/dev/null && \
	  bin/python -c 'import config.settings, migrator.client, tasks'
	@ls dist

clean: ## Remove the environment and everything built
	@rm -rf $(VENV) $(PEERS) build dist *.egg-info .migrator .mypy_cache .ruff_cache .pytest_cache
