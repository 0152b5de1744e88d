"""`python -m tsnas`: the tsnas program."""

import sys

from tsnas.commands.main import run

if __name__ == "__main__":
    sys.exit(run())
