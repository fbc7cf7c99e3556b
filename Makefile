# make run     set everything up and open the window (with no display: the same demonstration, headless)
# make test    set everything up and run the tests
# make lint types contracts wheel    what .ci/run also checks
# On Windows, or to see the plain pip lines: README.md.

VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: run test lint format types contracts wheel system-packages clean
.DEFAULT_GOAL := run

run: system-packages $(RUN_STAMP)
	@if [ "$$(uname -s)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		echo "There is no display here (DISPLAY and WAYLAND_DISPLAY are empty):"; \
		echo "running the demonstration, Huxley's ladder, without the window."; \
		rm -rf build/demo && $(BIN)/catstudio demo --out build/demo; \
	else \
		$(BIN)/catstudio; \
	fi

test: system-packages $(DEV_STAMP)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV_STAMP)
	$(BIN)/mypy

contracts: $(DEV_STAMP)
	$(BIN)/lint-imports

wheel: $(DEV_STAMP)
	$(BIN)/python -m build --wheel --outdir dist

system-packages:
	@sh packaging/debian-install.sh

# A torch that is already there and satisfies the constraint is kept as it is.
$(RUN_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing CatStudio (the first time this takes some minutes)"
	$(PIP_INSTALL) -e .
	@touch $@

$(DEV_STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing CatStudio and what its tests need (the first time this takes some minutes)"
	$(PIP_INSTALL) -e '.[dev]'
	@touch $@ $(RUN_STAMP)

$(BIN)/python:
	@for python in python3 python3.13 python3.12 python3.11; do \
		if command -v $$python >/dev/null 2>&1 && $$python -c '$(NEW_ENOUGH)'; then \
			if ! $$python -c 'import ensurepip' >/dev/null 2>&1; then \
				sh packaging/debian-install.sh python3-venv; \
			fi; \
			echo "Making $(VENV) with $$($$python --version)"; \
			exec $$python -m venv $(VENV); \
		fi; \
	done; \
	echo "CatStudio needs Python 3.11 or newer, and none was found on PATH." >&2; \
	echo "Install one (python.org, your package manager) and run make again." >&2; \
	exit 1

clean:
	rm -rf $(VENV) build dist
