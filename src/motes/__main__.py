"""`python -m motes`."""

from motes.cli import main

main()
