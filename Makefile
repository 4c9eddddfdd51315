# `make help` lists what there is. Everything but the first line of work is done by Python: deploy/setup.py
# makes the environment with the standard library alone, the rest runs inside it.

PYTHON ?= python3
BIN := .venv/bin
TESTS ?= tests
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup protos check format test lock

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make the environment for development and generate code from the contracts
	@$(PYTHON) deploy/setup.py --dev
	@$(BIN)/python deploy/build/protos.py

protos: setup ## Generate code from the contracts
	@$(BIN)/python deploy/build/protos.py

check: setup ## Style, types, layers, contracts, templates and locks
	@$(BIN)/python -m deploy.checks

format: setup ## Format the Python code
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

test: setup ## Run the tests; says what was skipped and why
	@$(BIN)/python -m pytest -n $(WORKERS) $(TESTS)

lock: setup ## Make the version locks anew from pyproject.toml
	@$(BIN)/python -m deploy.locks
