# Each target sets up what it needs. Needed beforehand: make, and Python 3.11 or newer.
# STUDIO_HOME (default ./var) and STUDIO_PORT (default 8000) let several studios live side by side.

.DEFAULT_GOAL := help
.PHONY: help demo up down test test-most test-pages tutorials check bench
.NOTPARALLEL:

VENV := .venv
PYTHON := $(VENV)/bin/python
# Test files run side by side, so many at once: they wait more than they compute; a browser computes.
WORKERS ?= 3
BROWSERS ?= 2
PYTEST = $(PYTHON) -m pytest --dist loadfile --no-loadscope-reorder
DEMO := $(or $(STUDIO_HOME),var)/demo
# uv takes a third of the time of pip, but does not read pip's settings: a machine whose packages
# come from a mirror falls back to pip, which does.
INSTALL = $(VENV)/bin/uv pip install --quiet --python $(PYTHON) -r $(1) \
	|| $(PYTHON) -m pip install --quiet --disable-pip-version-check -r $(1)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.runtime ## start the studio, train a small real model through it, leave the studio up
	@$(PYTHON) manage.py up --detach
	@$(PYTHON) manage.py sdk_config $(DEMO)
	@PYTHONPATH=sdk $(PYTHON) sdk/examples/digits_demo.py $(DEMO) $(DEMO)/downloads
	@echo
	@echo "The studio is still up; make down ends it. To look around, sign in by this one-time link"
	@echo "($(PYTHON) manage.py sign_in_link prints another):"
	@$(PYTHON) manage.py sign_in_link

up: $(VENV)/.runtime ## start the studio and show what it says; Ctrl-C stops it
	@exec $(PYTHON) manage.py up

down: ## end the studio that make demo left up
	@if [ -x $(PYTHON) ]; then $(PYTHON) manage.py down; else echo "nothing was ever started here"; fi

test: test-most test-pages ## run all tests

test-most: $(VENV)/.dev
	@$(PYTEST) -n $(WORKERS) --ignore=tests/browser $(ARGS)

test-pages: $(VENV)/.dev
	@$(PYTEST) -n $(BROWSERS) tests/browser $(ARGS)

tutorials: $(VENV)/.dev ## run the tutorials with their environments as written (6 GB of packages)
	@TRAINYARD_TUTORIALS=whole $(PYTHON) -m pytest -s tests/tutorials $(ARGS)

check: $(VENV)/.dev ## lint, format, types and the house's own rules
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(PYTHON) -m pytest --quiet tests/house

bench: $(VENV)/.dev ## print the figures of benchmarks/ as a table
	@PYTHONPATH=sdk $(PYTHON) -m benchmarks $(ARGS)

$(VENV)/bin/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "making $(VENV) with $$($$python --version)"; \
			$$python -m venv --clear $(VENV) && exit 0; \
			echo "$$python cannot make virtual environments here."; \
			echo "On Debian and Ubuntu: apt-get install python3-venv"; \
			rm -rf $(VENV); exit 1; \
		fi; \
	done; echo "No Python 3.11 or newer on PATH; install one (Debian 12: apt-get install python3 python3-venv)"; exit 1

# The stamps make the second time instant; they fall behind when the requirements change.
$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "installing requirements.txt"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	@$(call INSTALL,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "installing requirements-dev.txt"
	@$(call INSTALL,requirements-dev.txt)
	@touch $@
