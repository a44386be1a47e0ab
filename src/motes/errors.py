"""Everything Motes raises at a user, and what each means for the exit status.

    MotesError
    ├── BadInput       2  a file, an argument or an application that cannot be used as it is
    ├── Unsupported    2  a model that is well formed, but asks for something Motes does not do
    ├── DoesNotFit     3  too large for the board
    ├── BuildFailed    1  the compiler or the linker refused, or the self-check found a difference
    └── BoardFault     1  the image stopped on the board: a fault, a stack overflow, an endless loop

Every message says where, what, and what to do next.
"""

from __future__ import annotations


class MotesError(Exception):
    """The root of every error meant for a user; `exit_code` is the status the command line ends with."""

    exit_code = 2


class BadInput(MotesError):
    """A file, an argument or an application that cannot be used as it is."""


class Unsupported(MotesError):
    """A well-formed model that asks for something Motes does not do; the message names the way out."""

    def __init__(self, where: object, what: str, way_out: str) -> None:
        super().__init__(f"{where}: {what}; {way_out}")
        self.where, self.what, self.way_out = str(where), what, way_out


class DoesNotFit(MotesError):
    """The image is larger than the board's flash or RAM."""

    exit_code = 3


class BuildFailed(MotesError):
    """The compiler or the linker refused, or the image disagrees with the portable code."""

    exit_code = 1


class BoardFault(MotesError):
    """The image stopped on the board by a fault."""

    exit_code = 1
