"""`python -m nba` is the `nba` command."""

import sys

from nba.cli import main

if __name__ == "__main__":
    sys.exit(main())
