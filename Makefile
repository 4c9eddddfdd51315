# `make help` lists what there is. Everything but the first line of work is done by Python: deploy/setup.py
# makes the environment with the standard library alone, the rest runs inside it.

PYTHON ?= python3
BIN := .venv/bin
TESTS ?= tests
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help up start stop reset setup protos assets check format test bench soak trace lock

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## Start the whole mesh here; Ctrl-C stops it
	@$(PYTHON) deploy/setup.py && exec $(BIN)/python -m deploy.launcher up

start: ## Start the whole mesh in the background
	@$(PYTHON) deploy/setup.py && exec $(BIN)/python -m deploy.launcher start

stop: ## Stop what was started
	@$(PYTHON) deploy/setup.py && exec $(BIN)/python -m deploy.launcher stop

reset: ## Remove the data, so that the next start makes it anew
	@$(PYTHON) deploy/setup.py && exec $(BIN)/python -m deploy.launcher reset

setup: ## Make the environment for development and generate code from the contracts
	@$(PYTHON) deploy/setup.py --dev
	@$(BIN)/python deploy/build/protos.py
	@$(BIN)/python -m deploy.build.assets

protos: setup ## Generate code from the contracts
	@$(BIN)/python deploy/build/protos.py

assets: setup ## Build the pages' and mails' assets

check: setup ## Style, types, layers, contracts, templates and locks
	@$(BIN)/python -m deploy.checks

format: setup ## Format the Python code
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

test: setup ## Run the tests; says what was skipped and why
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(TESTS)

bench: setup ## Print how long the slowest computations take, compared with a reference loop
	@$(BIN)/python -m tests.bench

soak: setup ## Kill services a hundred times while they work
	@FIELDMESH_TEST_KILLS=100 $(BIN)/python -m pytest tests/integration/mesh/test_faults.py tests/integration/chassis/test_kills.py

trace: setup ## Table of requirements and the tests that show them
	@$(BIN)/python -m deploy.trace

lock: setup ## Make the version locks anew from pyproject.toml
	@$(BIN)/python -m deploy.locks
