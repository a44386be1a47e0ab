"""Files that others wrote: read up to a limit, or refused in words."""

from __future__ import annotations

from pathlib import Path

from motes.errors import BadInput


def read(path: Path, most: int, what: str, remedy: str) -> bytes:
    """A file's bytes.

    Args:
        most: bytes that it may have; devices and pipes are cut off there, too.
        what: it should be, such as "label track".
        remedy: what to do about another one.

    Raises:
        BadInput: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); {remedy}") from error
    if len(data) > most:
        size = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise BadInput(f"{path}: larger than {size}, which no {what} is; {remedy}")
    return data
