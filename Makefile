# Every target does its own set-up: a virtual environment in .venv with what requirements/ pins,
# made again only when those files change. Needed beforehand: Python 3.11 or newer, and make.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: demo test soak unit lint types imports fmt bench docs ratchets pin help clean set-up-run set-up-dev set-up-bench

VENV := .venv
PY := $(VENV)/bin/python
SOURCES := src tests demo bench
CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python

export PIP_DISABLE_PIP_VERSION_CHECK := 1

demo: set-up-run ## the staging incident: happens, is planned, applied, proved and rolled back
	@$(PY) demo/incident.py

test: lint types imports unit ## everything that must hold before a change lands

soak: set-up-dev ## thousands of crashes and tens of thousands of faulty histories; some ten minutes
	REMEDIATE_SOAK=1 $(PY) -m pytest -n 2 -q --dist worksteal tests/crash tests/simulator

unit: set-up-dev ## the tests alone; ARGS=... goes to pytest
	$(PY) -m pytest -n 2 -q $(ARGS)

lint: set-up-dev ## ruff: rules and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: set-up-dev ## mypy, strict
	$(PY) -m mypy

imports: set-up-dev ## who may import whom
	$(VENV)/bin/lint-imports

fmt: set-up-dev ## put the code in order
	$(PY) -m ruff check --fix-only --exit-zero .
	$(PY) -m ruff format .

bench: set-up-bench ## the numbers we hold ourselves to, beside octoDNS; ARGS=--quick for a small one
	@$(PY) bench/run.py $(ARGS)

docs: set-up-dev ## write the parts of the documents that are made from commands and kinds
	$(PY) -m tests.architecture.help_pages
	$(PY) -m tests.architecture.kind_pages

ratchets: set-up-dev ## lower what may only fall to where it is
	$(PY) -m tests.architecture.ratchets

pin: ## resolve requirements/*.txt anew from pyproject.toml (needs uv)
	@command -v uv >/dev/null || { echo "make pin needs uv on the PATH: pip install uv" >&2; exit 1; }
	@for of in build run dev bench; do \
	  case $$of in run) from="pyproject.toml" ;; dev) from="pyproject.toml --group dev" ;; \
	    *) from="--group $$of" ;; esac; \
	  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pin" \
	    $(PIN) $$from -o requirements/$$of.txt || exit 1; \
	done

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

clean: ## forget what was installed and cached
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# One recipe, three sizes. The stamp holds the checksum of what was asked for.
set-up-run: FILES := requirements/build.txt requirements/run.txt
set-up-dev: FILES := requirements/dev.txt
set-up-bench: FILES := requirements/dev.txt requirements/bench.txt
set-up-run set-up-dev set-up-bench:
	@stamp="$(VENV)/.$@"; want=$$(cat $(FILES) pyproject.toml | cksum); \
	if [ -x $(PY) ] && [ "$$(cat "$$stamp" 2>/dev/null)" = "$$want" ]; then exit 0; fi; \
	if ! [ -x $(PY) ] || ! $(PY) -c '' 2>/dev/null; then \
	  found=; for name in $(CANDIDATES); do \
	    if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	    then found=$$name; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "remediate needs Python 3.11 or newer with the venv module, and found none on the PATH" \
	      "(python3 is $$(python3 --version 2>&1 || echo absent)). Install one (on Debian and Ubuntu:" \
	      "python3 and python3-venv), or name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	  fi; \
	  echo "making $(VENV) with $$($$found --version)" >&2; \
	  $$found -m venv --clear $(VENV) || exit 1; \
	fi; \
	echo "installing what $(FILES) pins (once)" >&2; \
	rm -f "$$stamp"; \
	$(PY) -m pip install -q --require-hashes $(FILES:%=-r %) && \
	$(PY) -m pip install -q --no-deps --no-build-isolation -e . && \
	echo "$$want" > "$$stamp"
