"""The window, or the command line when given a command."""

from __future__ import annotations

import sys

from catstudio.cli.main import main


def window() -> int:
    """The desktop entry's start: the window, whatever folder it is given."""
    return main(sys.argv[1:2])


if __name__ == "__main__":
    sys.exit(main())
