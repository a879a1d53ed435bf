# `make demo` runs the sample pipeline, `make test` everything CI runs, `make bench` measures speed beside other tools
# (CORPUS=file or folder, TOKENIZERS=folder, BENCH="--only STEP"). All create .venv at first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test bench

.venv/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/.installed-dev: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ .venv/.installed

demo: .venv/.installed
	$(BIN)/curate run pipelines/skypile_small.yaml

test: .venv/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

bench: .venv/.installed
	$(BIN)/python benchmarks/bench.py $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(TOKENIZERS),--tokenizers "$(TOKENIZERS)") $(BENCH)
