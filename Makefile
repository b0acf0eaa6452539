# make demo: a sample company's year, and its weekly summary. make test: every test.
# Both need Python 3.11 or later and a package index, and keep to .venv.

CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python
PYTHON ?= $(shell for python in $(CANDIDATES); do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint requirements/locked.txt --editable

.PHONY: demo test lint lock clean

demo: $(VENV)/runtime
	@$(BIN)/upswell demo

test: $(VENV)/development
	$(BIN)/python -m pytest --cov

lint: $(VENV)/development
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

lock:
	uv pip compile --quiet --universal --no-annotate --no-header --no-emit-package pip --upgrade \
		--group dev --extra charts --output-file requirements/locked.txt pyproject.toml
	uv pip compile --quiet --universal --no-annotate --no-header --no-emit-package pip --upgrade \
		--group dev --extra charts --resolution lowest-direct --output-file requirements/lowest.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	$(if $(PYTHON),,$(error Upswell needs Python 3.11 or later, and none of "$(CANDIDATES)" is: \
		install one, or name it with make PYTHON=/path/to/python3))
	@echo "Installing into $(VENV) …"
	@$(PYTHON) -m venv --clear $(VENV)

# pip older than 25.1 knows no dependency groups.
$(VENV)/runtime: pyproject.toml requirements/locked.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet "pip>=25.1"
	@$(INSTALL) .
	@touch $@

$(VENV)/development: pyproject.toml requirements/locked.txt | $(BIN)/python
	@$(BIN)/python -m pip install --quiet "pip>=25.1"
	@$(INSTALL) ".[charts]" --group dev
	@touch $@ $(VENV)/runtime
