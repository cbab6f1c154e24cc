# make run: the sweep everybody starts with.   make test: lint, types and the tests.
# Both make .venv first and do nothing to it when pyproject.toml has not changed.
# make extras: optional, Chromium and ExifTool for the tests that use them; they are skipped without.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test types suite test-long extras bench quality docs faults clean

run: $(VENV)/ready
	$(BIN)/python -m facetrack -m clusterer=dbscan,meanshift clusterer.eps=0.1:1.2

# Hundreds of processes import facetrack: compiled once, whatever the caller's environment says.
test test-long: export PYTHONDONTWRITEBYTECODE =

# mypy beside the tests, whose processes often wait; what it says comes after theirs.
test: $(VENV)/ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs=2 --keep-going types suite; status=$$?; \
		cat $(VENV)/mypy.log; exit $$status

types: $(VENV)/ready-dev
	@$(BIN)/mypy >$(VENV)/mypy.log 2>&1

suite: $(VENV)/compiled
	$(BIN)/python -m pytest -n auto --dist worksteal

# Once, by one process: all those of the tests start at the same time, and each would compile all that
# they import. Beside mypy, as most of `suite` is.
$(VENV)/compiled: export PYTHONDONTWRITEBYTECODE =
$(VENV)/compiled: $(VENV)/ready-dev
	@$(BIN)/python -c "import facetrack.testing.forked_imports, pytest, sys; \
		sys.exit(pytest.main(['--collect-only', '-qq']))" >$@.log || { cat $@.log; exit 1; }
	@touch $@

# What `make test` leaves out to stay below ten minutes: Ray, Slurm's rehearsal, MLflow's server on
# PostgreSQL, more kills, more of LFW, every page where one of a kind is looked at (a few minutes).
test-long: $(VENV)/ready-dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

# What cannot be installed is told, and this succeeds: the tests go without it.
extras:
	@sudo=; [ "$$(id -u)" = 0 ] || sudo="sudo -n"; \
	for one in chromium:chromium exiftool:libimage-exiftool-perl; do \
		program=$${one%:*}; package=$${one#*:}; \
		command -v $$program >/dev/null && continue; \
		if command -v apt-get >/dev/null && $$sudo true 2>/dev/null; then \
			echo "Installing $$package"; \
			[ -n "$$fresh" ] || $$sudo apt-get update -qq; fresh=1; \
			$$sudo env DEBIAN_FRONTEND=noninteractive \
				apt-get install -qq --no-install-recommends $$package >/dev/null && continue; \
		fi; \
		echo "$$program could not be installed: as root, apt-get install $$package (Debian), or put" \
			"it on the PATH; the tests that need it are skipped without it"; \
	done

# Into BENCHMARKS.md. Timings want the machine for themselves (an hour and a half); how right groups
# and intervals are may be measured beside anything (hours). Nothing in the tests depends on speed.
DATA ?= ../shared/data
bench: $(VENV)/ready-dev
	$(BIN)/python benchmarks/report.py $(DATA) speed

quality: $(VENV)/ready-dev
	$(BIN)/python benchmarks/report.py $(DATA) quality

# The documentation as a site; any warning fails.
docs: $(VENV)/ready-dev
	$(BIN)/mkdocs build --strict --quiet
	@echo "Open build/site/index.html"

# Kills, rubbish, full disks and the like: what survives them, into RELIABILITY.md (over an hour).
faults: $(VENV)/ready-dev
	$(BIN)/python -m faults

$(BIN)/python:
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "facetrack needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/ready: $(BIN)/python pyproject.toml
	@echo "Installing facetrack into $(VENV) (a minute or two the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

# All in one go, facetrack's own with it: what is there to be installed is looked for once. Most of it
# no test imports: what is imported is compiled then, which takes a third off the time.
$(VENV)/ready-dev: $(BIN)/python pyproject.toml
	@echo "Installing facetrack and the development tools into $(VENV) (two minutes the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@touch $(VENV)/ready $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
