# Two commands do all the set-up: `make demo` and `make check`. Each makes the virtual environment it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo check test docs bench clean

demo: $(VENV)/.demo
	$(BIN)/linkage demo

check: $(VENV)/.check
	$(BIN)/ruff format --check src tests examples benchmarks docs
	$(BIN)/ruff check src tests examples benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/interrogate -q src
	$(BIN)/python -m pytest

test: $(VENV)/.check
	$(BIN)/python -m pytest -x -q

docs: $(VENV)/.check
	$(BIN)/python docs/make.py

bench: $(VENV)/.check
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/match.py
	$(BIN)/python benchmarks/spark.py
	$(BIN)/python benchmarks/groups.py
	$(BIN)/python benchmarks/quality.py --peers $(VENV)/peers --leakage
	$(BIN)/python benchmarks/encode.py
	$(BIN)/python benchmarks/disclosure.py --large
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/package.py
	$(BIN)/python benchmarks/oprf.py --peers $(VENV)/peers --five

$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	touch $@

$(VENV)/.check: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,spark]'
	touch $@

clean:
	rm -rf $(VENV) build dist demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
