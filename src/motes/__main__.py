"""`motes` and `python -m motes`: where Ctrl-C ends the program quietly from its first moment on."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, which takes a while to import."""
    try:
        from motes.cli import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
