# The two ways in: `make demo` and `make test`. Both set up all that they need.
# `make lint` is the part of `make test` that takes seconds; `make bench` takes half an hour, `make bench-quick` five minutes.
# `make test-lowest` runs the tests with the lowest versions that pyproject.toml states, Python 3.12 included.
# Each is a command of tools/setup.py, which needs no make. Further arguments: make test ARGS="-k thumbnail"

COMMANDS := demo test test-lowest lint bench
SETUP := python=$$(tools/find-python) && exec "$$python" tools/setup.py

.PHONY: $(COMMANDS) bench-quick

$(COMMANDS):
	@$(SETUP) $@ $(ARGS)

bench-quick:
	@$(SETUP) bench --quick $(ARGS)
