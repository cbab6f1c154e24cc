# make run: the sweep everybody starts with.   make test: lint, types and the whole test suite.
# Both make .venv first and do nothing to it when pyproject.toml has not changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench clean

run: $(VENV)/ready
	$(BIN)/python -m facetrack -m clusterer=dbscan,meanshift clusterer.eps=0.1:1.2

test: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile

# Timings side by side, into BENCHMARKS.md; nothing in the tests depends on speed.
DATA ?= ../shared/data
bench: $(VENV)/ready-dev
	$(BIN)/python benchmarks/report.py $(DATA)

$(BIN)/python:
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "facetrack needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(BIN)/python pyproject.toml
	@echo "Installing facetrack into $(VENV) (a minute or two the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	@echo "Installing the development tools into $(VENV)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
