"""What has been built once is kept, under a name made of everything that went into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import platformdirs

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from motes.build.files import refusal, write_files

DAY = 24 * 60 * 60
UNUSED_DAYS = 14
"""What has not been used for so long is swept out."""
REMEDY = "set MOTES_CACHE to a folder of yours"


def folder() -> Path:
    """Where built things are kept: the environment variable MOTES_CACHE, or this user's cache folder."""
    named = os.environ.get("MOTES_CACHE")
    return Path(named).absolute() if named else platformdirs.user_cache_path("motes")


def digest(*parts: str | bytes) -> str:
    """A name for these parts in this order: equal only when all of them are."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little"))
        total.update(data)
    return total.hexdigest()


def find(name: str) -> Path | None:
    """The kept file of this name, or None; one that is no longer as it was kept is not found.

    A computer that stops can leave a file empty or half of it; a failing disk, anything.
    """
    path, seal = _place(name), _seal(name)
    with contextlib.suppress(OSError):
        for used in (path, seal):
            os.utime(used)
        if seal.read_bytes() == _sum(path.read_bytes()):
            return path
    return None


def keep(name: str, data: bytes) -> Path:
    """Keep `data` under `name`; whoever looks for it finds nothing or all of it.

    Raises:
        BadInput: the cache folder cannot be written.
    """
    write_files({_place(name): data, _seal(name): _sum(data)}, REMEDY)
    return _place(name)


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """An empty folder to compile in, gone afterwards.

    Raises:
        BadInput: the cache folder cannot be written.
    """
    parent = folder() / "work"
    with refusal(parent, REMEDY):
        parent.mkdir(parents=True, exist_ok=True)
        _sweep()
        made = tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)
    with made as name:
        yield Path(name).resolve()


@contextlib.contextmanager
def alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only one in `folder` of all who ask here; `waiting` is called where somebody else is first.

    Where the system has no such locks there may be two: each file is then, whole, one's or the other's.

    Raises:
        BadInput: the cache folder cannot be written.
    """
    lock = _place(digest("alone", os.fsencode(os.path.realpath(folder))))
    with refusal(lock, REMEDY):
        lock.parent.mkdir(parents=True, exist_ok=True)
        file = open(lock, "wb")  # noqa: SIM115
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sweep() -> None:
    """Once a day, remove what has not been used for `UNUSED_DAYS`."""
    now, stamp = time.time(), folder() / "swept"
    if stamp.exists() and now - stamp.stat().st_mtime < DAY:
        return
    stamp.touch()
    for path in folder().rglob("*"):
        with contextlib.suppress(OSError):  # another process may sweep, too
            if path.is_file() and now - path.stat().st_mtime > UNUSED_DAYS * DAY:
                path.unlink()


def _place(name: str) -> Path:
    return folder() / name[:2] / name


def _seal(name: str) -> Path:
    """Where the sum of the kept file of this name is."""
    return folder() / name[:2] / f"{name}.sha256"


def _sum(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
