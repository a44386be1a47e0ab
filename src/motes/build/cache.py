"""What has been built once is kept, under a name made of everything that went into it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from motes.errors import BadInput


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
    """The kept file of this name, or None."""
    path = folder() / name[:2] / name
    return path if path.is_file() else None


def keep(name: str, data: bytes) -> Path:
    """Keep `data` under `name`; whoever looks for it finds nothing or all of it."""
    path = folder() / name[:2] / name
    with writable():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Write a file such that nobody, at no moment, sees half of it; two writers at once leave one of their versions.

    Raises:
        OSError: as for any write; nothing is left behind then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """An empty folder to compile in, gone afterwards."""
    with writable():
        parent = folder() / "work"
        parent.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)
    with made as name:
        yield Path(name)


@contextlib.contextmanager
def writable() -> Iterator[None]:
    """Turn a refused write to the cache into words."""
    try:
        yield
    except OSError as error:
        raise BadInput(
            f"the cache folder {folder()} cannot be written ({error.strerror}); "
            "make room there, or set MOTES_CACHE to a folder of yours"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
