# What there is to do in this checkout. Every target sets up what it needs; see tools/setup.

BIN := .venv/bin

.PHONY: help try test lint docs setup clean

help: ## This list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

try: ## Repair a small dune project whose build is red, and show what happens
	@tools/setup
	@$(BIN)/python -m tools.try

test: ## Lint, then all tests
	@tools/setup --all
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest

lint: ## ruff and mypy
	@tools/setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: ## Write the pages that are generated from the code
	@tools/setup
	@$(BIN)/python -m tools.configuration

setup: ## Only set up, with what the tests use
	@tools/setup --all

clean: ## Remove what was set up
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
