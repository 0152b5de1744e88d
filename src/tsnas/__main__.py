"""Entry point of `python -m tsnas`, the command line."""

import sys

from tsnas.commands.main import main

if __name__ == "__main__":
    sys.exit(main())
