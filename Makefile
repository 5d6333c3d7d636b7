# Postwright's verbs. `make demo` shows the main job; `make test` proves it.
.DEFAULT_GOAL := help
SHELL := /bin/bash
BIN := .venv/bin

.PHONY: help setup demo test lint unit scenarios drill bench bench-dns bench-converge bench-tls bench-mail clean lock

help: ## show these verbs
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install Debian packages and the Python environment
	@scripts/setup

demo: setup ## bare hosts become mail servers in the built-in lab, and mail travels
	@scripts/demo

test: setup ## lint, unit tests, and the lab's scenarios on Debian 12 and 13
	@# Side by side: scenarios mostly wait for hosts. Each line says whose it is.
	@$(MAKE) --no-print-directory --jobs=2 labelled-lint-unit labelled-scenarios

# The hosts' first build is what everything waits for.
labelled-lint-unit: NICE := nice -n 19
labelled-%:
	@set -o pipefail; $(NICE) $(MAKE) --no-print-directory $(subst -, ,$*) 2>&1 | sed -u 's/^/$*: /'

scenarios: setup ## only the lab's scenarios
	$(BIN)/python -m pytest --durations=15 tests/lab

lint: setup ## Ansible, YAML, Python and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .
	$(BIN)/ansible-lint --offline

unit: setup ## only the tests that need no lab
	$(BIN)/python -m pytest tests/unit

drill: setup ## long proofs: 5,000 cases of each DNS property, killed runs, lying peers, judges of others
	$(BIN)/python -m pytest --hypothesis-profile=drill tests/unit/dns/test_dns_properties.py
	$(BIN)/python -m pytest tests/drill

bench: setup ## ratios against the floors
	@# One that misses its aim keeps no other from being measured.
	@$(MAKE) --no-print-directory --keep-going bench-dns bench-converge bench-tls bench-mail

bench-dns:
	PYTHONPATH=tests:tests/unit/dns $(BIN)/python -m bench.dns

bench-converge:
	$(BIN)/python bench/converge.py

bench-tls bench-mail:
	PYTHONPATH=. $(BIN)/python -m $(subst -,.,$@)

lock: ## newest versions of all Python packages that pyproject.toml allows
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-header --extra dev pyproject.toml --output-file requirements.lock

clean: ## take the lab down and delete its disks and the environment
	@if [[ -d .venv ]]; then scripts/lab destroy; fi
	rm -rf .venv .lab
