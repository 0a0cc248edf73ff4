# The two ways in: `make demo` and `make test`. Both set up all that they need.
# `make lint` is the part of `make test` that takes seconds; `make bench` takes half an hour, `make bench-quick` five minutes.
# `make test-lowest` runs the tests with the lowest versions that pyproject.toml states, Python 3.12 included.

VENV := .venv
BIN := $(VENV)/bin
LOWEST_VENV := .venv-lowest
# A window needs a display; on a Linux without one, a virtual one does.
ifeq ($(shell uname -s)$(DISPLAY)$(WAYLAND_DISPLAY),Linux)
ON_DISPLAY := xvfb-run -a
endif
# Without compiled modules, each of the processes that tests start would compile all of them again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: bench bench-quick demo test test-lowest lint system system-of-tests

demo: $(VENV)/.demo-ready system
	$(ON_DISPLAY) $(BIN)/python tools/demo.py $(if $(ON_DISPLAY),--screenshot)

test: lint system-of-tests
	$(ON_DISPLAY) $(BIN)/pytest -n 2 --dist worksteal

test-lowest: $(LOWEST_VENV)/.test-ready system-of-tests
	$(ON_DISPLAY) $(LOWEST_VENV)/bin/pytest -n 2 --dist worksteal

lint: $(VENV)/.test-ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench-ready system
	$(ON_DISPLAY) $(BIN)/python benchmarks/bench.py --docs

bench-quick: $(VENV)/.bench-ready system
	$(ON_DISPLAY) $(BIN)/python benchmarks/bench.py --quick

system:
	tools/install-system-libraries

system-of-tests: # links are tested with a real server, too, and types with programs of desktops
	tools/install-system-libraries nginx desktop-file-utils libglib2.0-bin pcmanfm \
		shared-mime-info xdg-utils xdotool xvfb

$(BIN)/python:
	python=$$(tools/find-python) && "$$python" -m venv $(VENV)

$(VENV)/.demo-ready: pyproject.toml setup.cfg | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[all]'
	touch $@

$(VENV)/.bench-ready: pyproject.toml setup.cfg | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	touch $@ $(VENV)/.demo-ready

$(VENV)/.test-ready: pyproject.toml setup.cfg | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/.demo-ready

$(LOWEST_VENV)/.test-ready: pyproject.toml setup.cfg tools/lowest_versions.py
	python3.12 -m venv --clear $(LOWEST_VENV)
	$(LOWEST_VENV)/bin/python tools/lowest_versions.py > $(LOWEST_VENV)/lowest.txt
	$(LOWEST_VENV)/bin/python -m pip install --quiet --constraint $(LOWEST_VENV)/lowest.txt \
		--editable '.[test]' 'napari[pyqt6]'
	touch $@
