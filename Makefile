# `make` alone lists what there is. Every target sets up what it needs; see tools/setup.sh.
.DEFAULT_GOAL := help
.PHONY: help demo test check format bench soak mutants features lock clean

BIN := .venv/bin

help: ## List the targets
	@echo 'Usage: make TARGET [ARGS="…"]'
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

demo: ## Run Twinshelf against its sandbox, no shop needed   ARGS="--exit --products 200"
	@tools/setup.sh run
	@$(BIN)/twinshelf demo $(ARGS)

test: ## Run the tests, all in parallel or as ARGS say   ARGS="tests/pure -k price"
	@tools/setup.sh test
	@$(BIN)/pytest $(or $(ARGS),--numprocesses auto --dist worksteal)

check: ## Run format, lint, types, walls and the form of commits; change nothing
	@tools/setup.sh dev
	@failed=; \
	for step in "ruff format --check --output-format concise" "ruff check --output-format concise" \
		"djangofmt --check src/twinshelf" "djangofmt check --output-format concise src/twinshelf" \
		"mypy" "lint-imports --no-logo" "python tools/check_commits.py"; do \
		echo "» $$step"; \
		$(BIN)/$$step || failed="$$failed, $$step"; \
	done; \
	[ -z "$$failed" ] || { echo "Failed: $${failed#, }"; exit 1; }

format: ## Format the code and mend what lint can mend
	@tools/setup.sh dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/djangofmt check --fix --quiet src/twinshelf
	$(BIN)/djangofmt --quiet src/twinshelf

bench: ## Run the benchmarks   ARGS="--help"
	@tools/setup.sh dev
	@$(BIN)/python -m benchmarks $(ARGS)

soak: ## Run seeded lives under faults, judged by every invariant   ARGS="--seeds 1000"
	@tools/setup.sh dev
	@$(BIN)/python -m soak $(ARGS)

mutants: ## Change the code a little, and show what no test notices   ARGS="--id CED-146"
	@tools/setup.sh dev
	@$(BIN)/python tools/mutants.py $(ARGS)

features: ## Show which features no test proves   ARGS="--area orders"
	@tools/setup.sh dev
	@$(BIN)/python tests/features.py $(ARGS)

# The options stand in pyproject.toml under tool.pip-tools.
lock: ## Lock the requirements again after a change to requirements/*.in   ARGS="--upgrade"
	@tools/setup.sh dev
	$(BIN)/pip-compile --quiet --config pyproject.toml $(ARGS) --output-file requirements/build.txt requirements/build.in
	$(BIN)/pip-compile --quiet --config pyproject.toml $(ARGS) --output-file requirements/base.txt requirements/base.in
	$(BIN)/pip-compile --quiet --config pyproject.toml $(ARGS) --output-file requirements/dev.txt requirements/dev.in

clean: ## Remove .venv and everything the tools left behind
	rm -rf .venv build dist src/*.egg-info sandbox/build sandbox/src/*.egg-info .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src sandbox tests -type d -name __pycache__ -prune -exec rm -rf {} +
