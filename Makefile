# What there is to do here. Each target makes its own environment; PYTHON=python3.12 chooses the Python it is made with.

PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
MADE := $(ENV)/.made

.DEFAULT_GOAL := help
.PHONY: help demo test test-servers check bench docs golden audit env clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

demo: $(MADE) ## a server, a sample practice in it, a hospital's edit, and nothing lost: under a minute
	@$(BIN)/fhir-coaching demo

test: $(MADE) ## every test that needs no Java (HYPOTHESIS_PROFILE=ci or nightly: more examples)
	$(BIN)/pytest --numprocesses auto --dist worksteal -m "not servers"

test-servers: $(MADE) ## the tests against a real FHIR server and the official validator (Java 17, Maven)
	$(BIN)/pytest -m servers

check: $(MADE) ## format, lint, types, layers, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(if $(wildcard tests/typing/api.py),$(BIN)/pyright --pythonpath $(BIN)/python tests/typing/api.py)
	$(BIN)/pytest --quiet $(wildcard tests/test_layers.py tests/test_docs.py)

bench: $(MADE) ## speed: ratios, measured side by side
	@for script in $(wildcard benchmarks/*.py); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(MADE) ## write the generated pages anew
	$(BIN)/pytest --quiet tests/test_docs.py --regenerate

golden: $(MADE) ## write the golden files anew; read the difference before you commit it
	$(BIN)/pytest --quiet tests/test_golden.py --regenerate

audit: $(MADE) ## known vulnerabilities in what is installed (asks over the network)
	$(BIN)/pip-audit --local --skip-editable

env: $(MADE) ## only the environment

clean: ## everything that the other targets made, the environment too
	rm -rf $(ENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Made anew from nothing whenever pyproject.toml changes, so that it holds what is written there and no more.
$(MADE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
	  echo "fhir-coaching needs Python 3.11, 3.12 or 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),env) PYTHON=python3.12" >&2; exit 1; }
	@echo "Making the environment in $(ENV): once, about a minute."
	@$(PYTHON) -m venv --clear $(ENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@
