# What there is to do in this checkout. Every target sets up what it needs; see tools/setup.

BIN := .venv/bin
SLOW := slow or dune or editor

.PHONY: help try test quick lint bench fuzz audit docs setup clean

help: ## This list
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

try: ## Repair a small dune project whose build is red, and show what happens
	@tools/setup
	@$(BIN)/python -m tools.try

test: ## Lint, then all tests, the quick ones first
	@tools/setup --all
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n auto -m "not ($(SLOW))"
	@$(BIN)/pytest -n auto -m "$(SLOW)"

quick: ## The quick tests alone: under a minute
	@tools/setup
	@$(BIN)/pytest -n auto -m "not ($(SLOW))"

lint: ## ruff and mypy
	@tools/setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: ## Measure where edits land, checks, builds, starts and restarts, beside others; CASES=2000 SEED=1
	@tools/setup
	@$(BIN)/python -m benchmarks.edits --cases $(or $(CASES),20000) --seed $(or $(SEED),1)
	@$(BIN)/python -m benchmarks.edits --cost
	@$(BIN)/python -m benchmarks.typer
	@tools/fetch-sources .tools/sources menhir ocaml-csexp ocaml-dune
	@$(BIN)/python -m benchmarks.repairs
	@$(BIN)/python -m benchmarks.mutations --count 20
	@$(BIN)/python -m benchmarks.status --large
	@$(BIN)/python -m benchmarks.unsaved --large
	@$(BIN)/python -m benchmarks.ces
	@$(BIN)/python -m benchmarks.sidecar

fuzz: ## Look for texts that a reader does not take; SECONDS=600 READER=whole_file
	@tools/setup
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600) $(READER)

audit: ## What takes too long for the tests: 1,000 verdicts against clean builds, 200 restarts under editors; ROUNDS=500 SHARE=10
	@tools/setup --all
	@LSP_AID_CHAOS_ROUNDS=$(or $(ROUNDS),200) $(BIN)/pytest --timeout 0 tests/sidecar/test_chaos.py
	@$(BIN)/python -m benchmarks.audit --share $(or $(SHARE),1)

docs: ## Write the pages that are generated from the code
	@tools/setup
	@$(BIN)/python -m tools.configuration

setup: ## Only set up, with what the tests use
	@tools/setup --all

clean: ## Remove what was set up
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
