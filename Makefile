# What one needs: Python 3.11 or later, and make. Everything goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
# The first interpreter that really runs and is new enough; `make PYTHON=… run` chooses another.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& echo $$python && break; done)

# Many containers set it. The tests start hundreds of processes, and each would compile all modules.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test coverage bench screenshots lint format lock wheel clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | \
		awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

install: $(VENV)/.installed ## Install what MemoryLoop needs to run into .venv

install-dev: $(VENV)/.installed-dev ## Install what its tests and checks need, too

run: $(VENV)/.installed ## Run MemoryLoop on http://localhost:8000 (PORT=… for another port)
	@exec $(BIN)/python manage.py serve

test: $(VENV)/.installed-dev ## Run the tests on all cores (ARGS=… for pytest's options, CARD_STORE=… for the engine)
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder \
		--durations=10 $(ARGS)

coverage: $(VENV)/.installed-dev ## Run the tests, and print which lines none of them runs
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=term-missing $(ARGS)

bench: $(VENV)/.installed-dev ## Measure, and print the figures
	$(BIN)/python -m pytest tests/benchmarks -s $(ARGS)

screenshots: $(VENV)/.installed-dev ## Take a picture of every page into screenshots/ (ARGS=--readme: also README's)
	$(BIN)/python -m tests.e2e.screenshots $(ARGS)

lint: $(VENV)/.installed-dev ## Check style, templates, CSS, JavaScript, import rules and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/oxlint --deny-warnings --quiet static/js
	$(BIN)/python -m tests.lint_css
	$(BIN)/lint-imports
	$(BIN)/mypy .

format: $(VENV)/.installed-dev ## Put the code into its standard shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/uv ## Renew the lock files after a change of pyproject.toml (ARGS=--upgrade: newer versions)
	$(LOCK) --all-extras --output-file requirements-dev.lock
	$(LOCK) --constraint requirements-dev.lock --output-file requirements.lock

wheel: $(VENV)/.installed-dev ## Build the package for pip, pipx and uv into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps \
		--no-build-isolation --wheel-dir dist .

clean: ## Remove .venv and all caches, never the data
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "MemoryLoop needs Python 3.11 or later: install one," \
			"or name it as in \`make PYTHON=/path/to/python3.12 run\`." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv and ensurepip:" \
			"install them (Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)

# pyproject.toml says what is needed, the lock files which files: `make lock` writes them. The
# project itself runs from this folder, so there is nothing to build.
$(VENV)/.installed: $(BIN)/python requirements.lock
	$(call pip_install,requirements.lock)
	@# On all cores, where pip would use one. Some packages ship files that are no Python.
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $@

# Holds everything of requirements.lock, too. Most of what it adds is never imported, and is compiled
# when it is.
$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(call pip_install,requirements-dev.lock)
	@touch $@

# By uv where `make .venv/uv` has fetched it: the same files, in a third of the time. It does not read
# pip's settings, so pip goes on where uv finds no file.
define pip_install
	@echo "Installing $(1) into $(VENV) (under a minute the first time)"
	@{ [ -x $(VENV)/uv/bin/uv ] && $(VENV)/uv/bin/uv pip install --quiet \
			--python $(BIN)/python --require-hashes --requirement $(1); } || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
			--require-hashes --requirement $(1)
endef

# For Linux, macOS and Windows, and for every Python from 3.11 on. Versions stay as they are unless
# pyproject.toml asks for others.
LOCK = $(VENV)/uv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" $(ARGS)

$(VENV)/uv: $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $@ "uv>=0.9,<1"
