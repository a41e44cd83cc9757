# Every target works from a clean clone: .venv is made when it is missing, unfinished or older than what it was made from.
PYTHON ?= python3
BIN := .venv/bin
PROVIDERS := local aws gcp kubernetes
STAMP := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help demo test crash lint goldens schemas tables site picture peers bench clean

help:
	@echo 'make demo     the quickstart on this machine: declare, plan, apply, serve, change, destroy'
	@echo 'make test     every test but the hundreds of kills'
	@echo 'make crash    kill -9 at hundreds of moments, races, full disks; SEED=7 draws others'
	@echo 'make lint     ruff, mypy --strict, import-linter, the rules of the house and whether the schemas are fresh'
	@echo 'make goldens  rewrite the expected files of the golden tests and the generated docs; review the diff'
	@echo 'make schemas  make the JSON Schemas in schemas/ again from the code'
	@echo 'make tables   solve the queues of infractl/placement/batch_table.npz again; some minutes'
	@echo 'make site     the documentation as a site, in build/site'
	@echo 'make picture  draw the picture of a terminal in README again, from what the demo prints now'
	@echo 'make peers    install what benchmarks compare with, in build/peers; nothing else needs it'
	@echo 'make bench    measure every claim and write docs/benchmarks.md; with QUICK=1 in minutes'
	@echo 'make clean    remove what the other targets made'

demo: $(STAMP)
	@$(BIN)/python examples/quickstart/demo.py

test: $(STAMP)
	$(BIN)/python -m pytest -n 2

crash: $(STAMP)
	$(if $(SEED),INFRACTL_CRASH_SEED=$(SEED)) $(BIN)/python -m pytest -n 2 -m crash tests/crash

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house tests/schemas/test_fresh.py

# The golden tests are those that know the variable.
goldens: $(STAMP)
	INFRACTL_GOLDENS=1 $(BIN)/python -m pytest $$(grep -rl --include='test_*.py' INFRACTL_GOLDENS tests providers)

schemas: $(STAMP)
	$(BIN)/python schemas/generate.py

tables: $(STAMP)
	$(BIN)/python tables/generate.py

site: $(STAMP)
	$(BIN)/zensical build --strict --clean

picture: $(STAMP)
	$(BIN)/python docs/terminal_picture.py

# One environment for each list. They are others' programs: where one cannot be had, the figures against it are absent.
peers: $(patsubst benchmarks/peer/%.txt,build/peers/%/installed,$(wildcard benchmarks/peer/*.txt))

build/peers/%/installed: benchmarks/peer/%.txt
	@echo 'Making build/peers/$* ...'
	@$(PYTHON) -m venv --clear build/peers/$*
	@build/peers/$*/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

bench: $(STAMP)
	-@$(MAKE) --no-print-directory --keep-going peers
	$(BIN)/python -m benchmarks.harness.all $(if $(QUICK),--quick)

clean:
	@if [ -x $(BIN)/python ] && [ -d build/demo ]; then $(BIN)/python examples/quickstart/demo.py --clean; fi
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed in place is compiled, as pip does with what it copies.
# Without the stamp an earlier installation was cut short and cannot be trusted: --clear starts it again.
$(STAMP): pyproject.toml $(PROVIDERS:%=providers/%/pyproject.toml) constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "infractl needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo 'Making .venv (a minute or two) ...'
	@if [ -e $@ ]; then rm $@; $(PYTHON) -m venv .venv; else $(PYTHON) -m venv --clear .venv; fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all]' $(PROVIDERS:%=-e providers/%)
	@$(BIN)/python -m compileall -q infractl $(foreach p,$(PROVIDERS),providers/$(p)/infractl_$(p))
	@touch $@
