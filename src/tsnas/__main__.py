"""`python -m tsnas`: the tsnas program."""

import sys

from tsnas.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
