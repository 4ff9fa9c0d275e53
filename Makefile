# The two commands are `make serve` and `make test`; both set up everything they need.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
DATA ?= var
PORT ?= 8000
FAULTS ?= small
PYTEST ?=
# Hubs start by the dozen: what Python compiled once is kept, whatever this machine says of it.
export PYTHONDONTWRITEBYTECODE :=
TESTS := $(BIN)/python -m pytest --durations=40
# What kills a process leaves its files to the system, in memory as on a disk: where there is room
# for them, the tests' own lie in memory. What measures time writes to the disk.
MEMORY := /dev/shm
ROOM := $(shell df -Pm $(MEMORY) 2>/dev/null | awk '$$6 == "$(MEMORY)" && $$4 > 6000 { print $$6 }')
IN_MEMORY := $(if $(ROOM),TMPDIR=$(ROOM) )$(TESTS) -o tmp_path_retention_policy=failed

.PHONY: help serve test lint bench coverage reliability clean

help:
	@echo "make serve   set up and serve the sample county at http://127.0.0.1:$(PORT)/"
	@echo "make test    set up and run every test (FAULTS=full for the full counts)"
	@echo "make lint    ruff, mypy, import-linter"
	@echo "make reliability  every drill in full, into docs/reliability.md (hours)"
	@echo "make bench   every benchmark beside its peers"

# What the programs themselves need: Python's venv, and nothing else from the system.
$(VENV)/.serve: requirements.lock requirements-build.lock pyproject.toml
	tools/setup venv $(PYTHON) $(VENV) requirements.lock
	tools/setup paper
	@touch $@

# What the tests need beside it: the tools of development, a browser, a Chinese font, a slow line.
$(VENV)/.test: requirements-dev.lock $(VENV)/.serve
	tools/setup venv $(PYTHON) $(VENV) requirements-dev.lock
	tools/setup browser
	tools/setup network
	tools/setup replicas
	tools/setup deploy
	@touch $@

serve: $(VENV)/.serve
	@exec $(BIN)/huiyin serve --data $(DATA) --port $(PORT) --sample

# With PYTEST="-k name" one of the two may have nothing to run, which pytest ends with 5.
test: $(VENV)/.test
	HUIYIN_FAULTS=$(FAULTS) $(IN_MEMORY) -n 2 --dist loadfile --no-loadscope-reorder -m "not alone" $(PYTEST) || [ $$? = 5 ]
	HUIYIN_FAULTS=$(FAULTS) $(TESTS) -m alone $(PYTEST) || [ $$? = 5 ]

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# `make bench start` measures one part; with BESIDE=DIR the same of another checkout beside it.
ifeq (bench,$(firstword $(MAKECMDGOALS)))
PARTS := $(wordlist 2,99,$(MAKECMDGOALS))
.PHONY: $(PARTS)
$(PARTS): bench
	@:
endif

bench: $(VENV)/.test
	$(if $(filter-out start site publishing busy,$(or $(PARTS),all)),tools/setup bench $(PYTHON))
	$(BIN)/python -m bench $(PARTS) $(if $(BESIDE),--beside $(BESIDE))

# Which requirement is shown to hold by which test: docs/coverage.md, made from the tests' marks.
coverage: $(VENV)/.test
	$(BIN)/python tools/coverage.py docs/coverage.md

# Every drill in full, into docs/reliability.md; DRILLS="wipes upgrades" for some of them.
reliability: $(VENV)/.test
	$(if $(ROOM),TMPDIR=$(ROOM)) $(BIN)/python tools/reliability.py $(DRILLS)

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache
