# Everyday tasks; `make venv` comes first by itself. PYTHON chooses the interpreter: make test PYTHON=python3.11
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/installed
BIN := $(VENV)/bin

.PHONY: venv demo docs test test-long lint emulator browser

venv: $(STAMP)

$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; choose one with: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq python3-venv; } || \
		{ echo "The venv module of Python is missing; install it with: sudo apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $(STAMP)

demo: venv
	$(BIN)/tsnas search --dataset=shoulder --board=nucleo_f446re --max_latency_ms=30 --max_ram_kb=64 --out=runs/demo

# The documentation as a site, in build/site, with its notebook run; whatever is broken in it is an error.
docs: venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 TSNAS_RUN_NOTEBOOKS=1 $(BIN)/mkdocs build --strict

lint: venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# What builds and runs the firmware of emulated boards; without it those tests are skipped.
EMULATOR := gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc
emulator:
	@{ command -v arm-none-eabi-gcc && command -v qemu-system-arm && \
		command -v riscv64-unknown-elf-gcc && command -v qemu-system-riscv32; } >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends $(EMULATOR); } || \
		echo "Tests of emulated boards are skipped; for them: sudo apt-get install $(EMULATOR)"

# What shows and prints the pages of reports; without it those tests are skipped.
browser:
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null || \
		{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
		echo "Tests of the report in a browser are skipped; for them: sudo apt-get install chromium"

# The workers of pytest share the cores; threads of TensorFlow beyond one for each only get in each other's way.
PYTEST := TF_NUM_INTRAOP_THREADS=1 $(BIN)/pytest -n auto --dist loadfile
test: lint emulator browser
	$(PYTEST) -m "not long"

# All tests, with those marked `long`, and many more examples of each property.
test-long: lint emulator browser
	$(PYTEST)
