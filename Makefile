# Everything is installed into .venv beside this file; a second run finds its stamps and is instant.
# `make PYTHON=/path/to/python ...` takes a certain interpreter; `make demo ARGS=--fast` passes ARGS on.
# `make NBA_PURE=1 ...` compiles none of the .pyx modules and takes away those that are compiled.

PYTHON ?= python3 python3.13 python3.12 python3.11 python3.14
WORKERS ?= 2
ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
# Pure at first: pip would hide what the compiler says, and how long it takes.
PIP_INSTALL := NBA_PURE=1 $(RUN) -m pip --disable-pip-version-check install -c constraints.txt
TORCH := $(shell grep '^torch==' constraints.txt)
PYTEST := OMP_NUM_THREADS=1 $(RUN) -m pytest --doctest-modules -n $(WORKERS) --dist loadfile nba envs experiments serving tests
DECLARED := pyproject.toml constraints.txt nba/__init__.py
COMPILED := hatch_build.py $(shell find nba envs experiments serving -name '*.pyx' -o -name '*.pxd' -o -name '*.h')
PURE := $(filter-out 0,$(NBA_PURE))

.NOTPARALLEL:
.PHONY: help install demo test test-all lint bench

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

install: $(VENV)/train.stamp $(VENV)/compiled.stamp ## set up .venv with all that the demo needs

demo: $(VENV)/train.stamp $(VENV)/compiled.stamp $(VENV)/warm.stamp ## walk the whole loop once and print the table
	@$(VENV)/bin/nba demo $(ARGS)

test: $(VENV)/dev.stamp $(VENV)/compiled.stamp $(VENV)/warm.stamp ## run the fast tests and the doctests
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/dev.stamp $(VENV)/compiled.stamp $(VENV)/warm.stamp ## run every test
	$(PYTEST) $(ARGS)

lint: $(VENV)/dev.stamp $(VENV)/compiled.stamp ## check format, style, types and who imports whom
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV)/train.stamp $(VENV)/compiled.stamp $(VENV)/peers.stamp $(VENV)/warm.stamp ## measure speed on this machine
	@$(VENV)/bin/nba bench all $(ARGS)

$(VENV)/venv.stamp:
	@suitable=; found=; for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || continue; \
	  suitable="$$python"; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null && found="$$python" && break; \
	done; \
	if [ -z "$$suitable" ]; then \
	  echo "error: no Python 3.11 to 3.14 among: $(PYTHON). Install one, or say make PYTHON=/path/to/python"; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "error: $$suitable has no venv module. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; \
	fi; \
	echo "== 1/5 environment: $(VENV) with $$("$$found" --version)"; \
	"$$found" -m venv $(VENV) && touch $@

# Alone and with its exact version: in one resolution with the rest, or with a range, pip may take a
# build for graphics cards that weighs several GB, although an index with a CPU build is configured.
$(VENV)/torch.stamp: constraints.txt | $(VENV)/venv.stamp
	@echo "== 2/5 $(TORCH) (the largest download)"
	@$(PIP_INSTALL) $(TORCH)
	@touch $@

$(VENV)/train.stamp: $(DECLARED) | $(VENV)/torch.stamp
	@echo "== 3/5 the project and its libraries"
	@$(PIP_INSTALL) -e '.[serve,train]'
	@touch $@

$(VENV)/dev.stamp: $(DECLARED) | $(VENV)/torch.stamp
	@echo "== 3/5 the project, its libraries and the test tools"
	@$(PIP_INSTALL) -e '.[dev]'
	@touch $(VENV)/train.stamp $@

# Where it fails it leaves no stamp: all works, and the next call tries again.
$(VENV)/compiled.stamp: $(COMPILED) $(VENV)/train.stamp
	@echo "== 4/5 compiling the path of a decision"
	@$(PIP_INSTALL) --quiet cython setuptools hatchling
	@rm -f $@; $(RUN) hatch_build.py && test -z '$(PURE)' && touch $@ || true

.PHONY: $(if $(PURE),$(VENV)/compiled.stamp)

$(VENV)/peers.stamp: $(DECLARED) | $(VENV)/train.stamp
	@echo "== the simulators and learners that the bench is measured beside"
	@$(PIP_INSTALL) --target $(VENV)/peers simpy ciw
	@$(PIP_INSTALL) --target $(VENV)/peers --no-deps vowpalwabbit==9.11.9 mabwiser==2.7.4 \
	  contextualbandits==0.3.30 d3rlpy==2.8.1 gym==0.26.2 gym_notices==0.1.0 h5py==3.16.0 structlog==26.1.0 \
	  dataclasses_json==0.6.7 marshmallow==3.26.2 typing_inspect==0.9.0 mypy_extensions==1.2.0 colorama==0.4.6
	@touch $@

$(VENV)/warm.stamp: $(wildcard envs/*.py) | $(VENV)/train.stamp
	@echo "== 5/5 compiling the simulator (once; numba keeps the result)"
	@$(RUN) -m envs.warm
	@touch $@
