# Two commands set everything up: `make demo` and `make test`. What they install is locked in requirements/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Compiled files are kept, so that the next run need not compile every test again, and kept out of the sources.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/pycache
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# How many processes run the tests. `-bb`: comparing bytes with text is an error.
# Two for each core, because the tests with browsers and servers wait most of their time.
CORES := $(shell getconf _NPROCESSORS_ONLN | awk '{ print ($$1 > 4) ? 4 : $$1 }')
WORKERS ?= $(shell expr 2 '*' $(CORES))
PYTEST = $(BIN)/python -bb -m pytest --tx '$(WORKERS)*popen//python=$(BIN)/python -bb' --dist worksteal
# The tests with these markers need a browser, servers, caches or real pages, or take long.
QUICK := not (browser or servers or caches or corpus or slow)

.DEFAULT_GOAL := help
.PHONY: help demo quick test test-latest types style unit lock bench fuzz mutants soak asset docs pictures clean tools

help:
	@echo "make quick   types, style and the tests that need nothing but Python, after every change"
	@echo "make demo    the same site with and without consent-middleware, side by side"
	@echo "make test    everything: types, style, tests, real browsers, servers and caches"
	@echo "             (it runs pytest; ARGS='-k cookies' goes to it)"
	@echo "make bench   speed, beside other tools, as ratios in one run"
	@echo "make fuzz    the engine against html5lib, parse5 and Chromium, MINUTES=10"
	@echo "make mutants break the package on purpose and see that the tests notice"
	@echo "make soak    100,000 requests, REQUESTS=100000, and what they leave in memory"
	@echo "make asset   the minified parts of the facade's script, after a change to their sources"
	@echo "make docs    the documentation as a site in build/docs, and its generated pages"
	@echo "make lock    the newest versions of what the environments install, into requirements/"
	@echo "make test-latest   the tests with the newest of everything; reports and does not fail"

# One environment for the demo (small) and one step more for the tests.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or later is needed; name it with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv"; exit 1; }
	@touch $@

# Installs one lock, then the package itself from this folder, built with what the lock holds.
INSTALL = $(PIP) install --require-hashes --requirement requirements/$(1).txt \
  && $(PIP) install --no-deps --no-build-isolation --editable .

$(VENV)/.demo: $(VENV)/.made requirements/demo.txt pyproject.toml
	@echo "installing what the demo needs into $(VENV)"
	@$(call INSTALL,demo)
	@touch $@

$(VENV)/.test: $(VENV)/.made requirements/test.txt pyproject.toml
	@echo "installing what the tests need into $(VENV)"
	@$(call INSTALL,test)
	@touch $@ $(VENV)/.demo

$(VENV)/.bench: $(VENV)/.test requirements/bench.txt
	@$(call INSTALL,bench)
	@touch $@

lock: $(VENV)/.test
	$(BIN)/python -m tests.lock

demo: $(VENV)/.demo
	@exec $(BIN)/python -m examples.demo $(ARGS)

quick: WORKERS := $(CORES)
quick: types style .cache/html5lib-tests .cache/sarif
	$(PYTEST) -m '$(QUICK)' --hypothesis-profile=quick $(ARGS)

test: tools types style unit

types: $(VENV)/.test
	$(BIN)/mypy

style: $(VENV)/.test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tests.style_js

unit: $(VENV)/.test tools .cache/html5lib-tests .cache/sarif
	$(PYTEST) --cov --cov-report=term $(ARGS)

test-latest: $(VENV)/.test tools .cache/html5lib-tests .cache/sarif
	$(BIN)/python -m tests.latest $(ARGS)

# The parsing tests of the HTML standard, from html5lib's source distribution, by a pinned hash.
.cache/html5lib-tests: $(VENV)/.test
	@mkdir -p .cache
	$(BIN)/python -m tests.html.fetch_html5lib_tests
	@touch $@

# The JSON schema of SARIF, from sarif-om's source distribution, by a pinned hash.
.cache/sarif: $(VENV)/.test
	@mkdir -p .cache
	$(BIN)/python -m tests.audit.fetch_sarif_schema
	@touch $@

bench: $(VENV)/.bench .cache/bench/node_modules
	$(BIN)/python -m benchmarks.engine $(ARGS)
	$(BIN)/python -m benchmarks.similar
	$(BIN)/python -m benchmarks.consent
	$(BIN)/python -m benchmarks.http
	$(BIN)/python -m benchmarks.guard

.cache/bench/node_modules: benchmarks/node/package-lock.json
	@mkdir -p .cache/bench
	@if command -v npm >/dev/null; then cp benchmarks/node/package*.json benchmarks/node/.npmrc .cache/bench/ \
	  && npm ci --silent --ignore-scripts --no-audit --no-fund --prefix .cache/bench && touch $@; \
	else echo "npm is missing, so one peer is not timed. On Debian: sudo apt-get install npm"; fi

# A third of the time for each oracle; a run says its seed, and SEED repeats it.
fuzz: $(VENV)/.test tools .cache/html5lib-tests
	@minutes=$$(awk 'BEGIN { print $(or $(MINUTES),10) / 3 }'); failed=0; \
	$(BIN)/python -m tests.html.fuzz --minutes $$minutes $(if $(SEED),--seed $(SEED)) || failed=1; \
	$(BIN)/python -m tests.fuzz --chromium --minutes $$minutes $(if $(SEED),--seed $(SEED)) || failed=1; \
	$(BIN)/python -m tests.browser.fuzz --minutes $$minutes $(if $(SEED),--seed $(SEED)) || failed=1; \
	exit $$failed

mutants: $(VENV)/.test
	$(BIN)/python -m tests.mutants $(ARGS)

asset: $(VENV)/.test
	$(BIN)/python -m tests.minify

docs: $(VENV)/.test
	$(BIN)/python -m tests.documentation.generated
	$(BIN)/python -m tests.command_pages
	$(BIN)/python -m sphinx -W --keep-going -n -q -E -b html docs build/docs
	@echo "open build/docs/index.html"

pictures: $(VENV)/.test
	$(BIN)/python -m tests.browser.pictures

soak: $(VENV)/.test
	$(BIN)/python -m tests.conformance.soak --requests $(or $(REQUESTS),100000)

# What the tests need besides Python: a real Chromium (whole, and without windows) and a real Firefox, openssl for the stand-in's certificate, npm for
# what tests/npm.py names, nginx and Varnish to stand in front of the site. Root on Debian gets them here; anybody else
# is told what to type.
tools:
	@missing=""; \
	for tool in chromium chromium-headless-shell firefox-esr openssl npm nginx varnishd; do \
	  case $$tool in chromium*) [ -n "$$CHROMIUM" ] && continue;; esac; \
	  [ $$tool = firefox-esr ] && { [ -n "$$FIREFOX" ] || command -v firefox >/dev/null; } && continue; \
	  PATH="$$PATH:/usr/sbin" command -v $$tool >/dev/null || missing="$$missing $${tool%d}"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing$$missing"; apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
	  echo "missing:$$missing. On Debian: sudo apt-get install$$missing"; \
	  [ -z "$$CI" ] || exit 1; \
	  echo "The tests that need them are skipped."; \
	fi

clean:
	rm -rf $(VENV) $(VENV)-latest .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage dist build
