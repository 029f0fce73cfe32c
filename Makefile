# `make demo` and `make test` need nothing but a Python 3.11, 3.12 or 3.13 with venv.
SHELL := /bin/bash
VENV := .venv
# A pyenv shim may stand on PATH for a version that is not there: ask each before taking it.
PYTHON ?= $(shell for p in python3.12 python3.13 python3.11 python3 $$HOME/.pyenv/versions/3.1[123]*/bin/python3; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 && echo $$p && break; done)
# tox looks for interpreters on PATH only.
TOX_PATH := $(subst $(eval) ,:,$(wildcard $(HOME)/.pyenv/versions/3.1[123].*/bin)):$(PATH)

# Labs hold fixed ports: side by side only where each process may have a network of its own. One more
# than there are processors, as tests with peers wait; then with one process each, which costs least.
AT_ONCE ?= $(shell $(VENV)/bin/python tests/own_network.py -c "import os; print(os.cpu_count() + 1)" 2>/dev/null || echo 1)
SIDE_BY_SIDE = $(if $(ARGS),,$(filter-out 1,$(AT_ONCE)))
NOTE = $(SIDE_BY_SIDE) at once, each heard of at its end; as they run, one by one: make test AT_ONCE=1

.PHONY: demo test bench clean

demo: $(VENV)/.installed ## an offline push, end to end, with its ladder and its capture
	@$(VENV)/bin/corenet demo --pcap demo.pcapng $(ARGS)

test: $(VENV)/.tox ## all tests: lint, types, each Python that is here, docs, real peers that are here
	@$(if $(SIDE_BY_SIDE),echo "$(NOTE)")
	@PATH="$(TOX_PATH)" $(if $(SIDE_BY_SIDE),CORENET_WORKERS=1) \
		$(VENV)/bin/tox $(if $(SIDE_BY_SIDE),run-parallel --parallel $(SIDE_BY_SIDE),run $(ARGS))

bench: $(VENV)/.bench ## the codec beside scapy and pycrate, the gateway beside Kannel: some minutes
	@$(VENV)/bin/python -m benchmarks.codec
	@$(VENV)/bin/python -m benchmarks.gateway --rounds 2 --seconds 3
	@$(VENV)/bin/python -m benchmarks.gateway --rounds 2 --seconds 3 --quiet --floor

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "make: a Python from 3.11 to 3.13 is needed, and none was found; set PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	@echo "Installing Corenet and what it needs into $(VENV) …"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[pytest]" && touch $@

$(VENV)/.bench: pyproject.toml | $(VENV)/.installed
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[test]" && touch $@

$(VENV)/.tox: | $(VENV)/bin/python
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "tox>=4.23" && touch $@

clean: ## everything that was made here
	@rm -rf $(VENV) .tox build dist ./*.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis demo.pcapng
