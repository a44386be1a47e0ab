"""Writing files: all of them whole, or none, whatever happens in between."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from motes.errors import BadInput

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The system's reasons that less data would meet."""

REMEDY = "choose another output folder"


def write_files(files: Mapping[Path, bytes], remedy: str = REMEDY) -> None:
    """Write every file under a passing name beside its place, then give all of them their own names.

    Two writers at once are safe: each file is, whole, one writer's. A failure or Ctrl-C leaves no part of a file.

    Args:
        remedy: what to do about a folder that cannot be written.

    Raises:
        BadInput: a folder cannot be made or written, or the disk is full.
    """
    pending: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            with refusal(path, remedy):
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
                passing = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
                with open(passing, "xb") as file:
                    pending[passing] = path
                    file.write(data)
        for passing, path in list(pending.items()):
            with refusal(path, remedy):
                os.replace(passing, path)
            del pending[passing]
    finally:
        for passing in pending:
            with contextlib.suppress(OSError):
                os.unlink(passing)


@contextlib.contextmanager
def refusal(path: Path, remedy: str) -> Iterator[None]:
    """Turn the system's refusal to write at `path` into words."""
    try:
        yield
    except OSError as error:
        check_folder(path.parent, remedy)
        space = "free space there, or " if error.errno in FULL else ""
        raise BadInput(f"{path}: cannot be written ({error.strerror}); {space}{remedy}") from error


def check_folder(folder: Path, remedy: str = REMEDY) -> None:
    """See to it that no file has the place of this folder, or of one above it.

    Raises:
        BadInput: a file has.
    """
    file = next((p for p in (folder, *folder.parents) if os.path.isfile(p)), None)  # never raises
    if file is not None:
        raise BadInput(f"{file}: is a file, where a folder was expected; {remedy}")
