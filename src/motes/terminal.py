"""What people see of a command: errors, results and progress, in a terminal or elsewhere."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, Protocol

from rich.console import Console, RenderableType
from rich.text import Text

from motes.names import printable
from motes.progress import Progress

PLAIN_WIDTH = 160
"""Columns of a table that goes into a file or a pipe."""

PATIENCE = 2
"""Seconds without a word where nobody watches."""


class Result(Protocol):
    """What a command has found."""

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        ...

    def table(self) -> RenderableType:
        """For a terminal."""
        ...


def terminal(stderr: bool = False) -> Console:
    """Where people read; tables keep their columns when nobody watches."""
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def show(result: Result, as_json: bool) -> None:
    """Print a result."""
    if as_json:
        print(json.dumps(result.to_json(), indent=2, allow_nan=False), flush=True)
    else:
        terminal().print(result.table())


def fail(message: str, status: int) -> NoReturn:
    """Say in one line on stderr what is wrong, and end with this status."""
    line = printable(" ".join(message.split()))
    terminal(stderr=True).print(Text.assemble(("error: ", "bold red"), (line, "red")), soft_wrap=True)
    sys.exit(status)


def silence() -> None:
    """Let nothing more go to standard output: Python would complain when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def progress_on(console: Console) -> Iterator[Progress]:
    """Progress on this console: a line that lives in a terminal; elsewhere a line for each step, once it takes long."""
    if not console.is_terminal:
        said, patience = [""], time.monotonic() + PATIENCE

        def say(what: str, share: float | None = None) -> None:
            if what != said[-1] and time.monotonic() > patience:
                said.append(what)
                console.print(Text(printable(what)))

        yield say
        return
    with console.status("") as status:

        def tell(what: str, share: float | None = None) -> None:
            status.update(Text(printable(what if share is None else f"{what} {share:4.0%}")))

        yield tell
