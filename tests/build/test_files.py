"""Files are written whole or not at all, and what cannot be written is told in words."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from motes.build import cache, files
from motes.build.files import write_files
from motes.errors import BadInput


def test_files_are_written_and_replaced(tmp_path: Path) -> None:
    a, b = tmp_path / "new" / "a", tmp_path / "b"
    b.write_bytes(b"before")
    write_files({a: b"A", b: b"B"})
    assert (a.read_bytes(), b.read_bytes()) == (b"A", b"B")
    assert sorted(os.listdir(tmp_path)) == ["b", "new"]


def test_files_are_as_readable_as_any_other(tmp_path: Path) -> None:
    write_files({tmp_path / "a": b"A"})
    (tmp_path / "b").write_bytes(b"B")
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"}
    assert len(modes) == 1


def test_a_folder_below_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file")
    for path in (tmp_path / "out" / "a.elf", tmp_path / "out" / "sub" / "a.elf"):
        with pytest.raises(BadInput) as raised:
            write_files({path: b""})
        words = f"{tmp_path / 'out'}: is a file, where a folder was expected; choose another output folder"
        assert str(raised.value) == words


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.elf").mkdir()
    with pytest.raises(BadInput, match=r"a\.elf: cannot be written"):
        write_files({tmp_path / "a.elf": b""})
    assert os.listdir(tmp_path) == ["a.elf"]


class _Full:
    """A file on a disk with room for so many writes."""

    def __init__(self, room: int, error: BaseException) -> None:
        self.room, self.error = room, error

    def open(self, path: Path, mode: str) -> object:
        handle = open(path, mode)  # noqa: SIM115
        write = handle.write

        class Limited:
            def __enter__(self) -> Limited:
                return self

            def __exit__(self, *raised: object) -> None:
                handle.close()

            def write(limited, data: bytes) -> int:
                self.room -= 1
                if self.room < 0:
                    write(data[: len(data) // 2])
                    raise self.error
                return write(data)

        return Limited()


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "b").write_bytes(b"before")
    full = _Full(room, OSError(errno.ENOSPC, "No space left on device"))
    monkeypatch.setattr(files, "open", full.open, raising=False)
    with pytest.raises(BadInput, match=r"cannot be written \(No space left on device\); free space there"):
        write_files({tmp_path / name: b"after" for name in "abc"})
    assert os.listdir(tmp_path) == ["b"]
    assert (tmp_path / "b").read_bytes() == b"before"


def test_an_unwritable_folder_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files, "open", refused, raising=False)
    with pytest.raises(BadInput, match=r"a: cannot be written \(Permission denied\); choose another output folder"):
        write_files({tmp_path / "a": b""})


@pytest.mark.parametrize("room", [0, 1])
def test_ctrl_c_leaves_no_part_of_a_file(tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "open", _Full(room, KeyboardInterrupt()).open, raising=False)
    with pytest.raises(KeyboardInterrupt):
        write_files({tmp_path / name: b"after" for name in "ab"})
    assert os.listdir(tmp_path) == []


def test_ctrl_c_between_two_files_leaves_whole_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def interrupted(old: Path, new: Path) -> None:
        if new.name == "b":
            raise KeyboardInterrupt
        replace(old, new)

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_files({tmp_path / name: b"after" for name in "abc"})
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"after"


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    versions = [bytes([i]) * 100_000 for i in range(8)]
    threads = [threading.Thread(target=write_files, args=({tmp_path / "a": v},)) for v in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() in versions
    assert os.listdir(tmp_path) == ["a"]


# ------------------------------------------------------------------------------------------------ the cache


def test_what_is_kept_is_found(cache_folder: Path) -> None:
    name = cache.digest("a", b"b")
    assert cache.find(name) is None
    assert cache.keep(name, b"data").read_bytes() == b"data"
    assert cache.find(name) == cache_folder / name[:2] / name


@pytest.mark.parametrize("left", [b"", b"da", b"dada", b"data and more"])
def test_what_is_no_longer_as_it_was_kept_is_not_found(cache_folder: Path, left: bytes) -> None:
    cache.keep(name := cache.digest("a"), b"data").write_bytes(left)
    assert cache.find(name) is None
    assert cache.find(cache.keep(name, b"data").name), "kept again, found again"


def test_names_tell_how_parts_are_cut() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc") != cache.digest("abc")
    assert cache.digest("a") == cache.digest(b"a")


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("MOTES_CACHE", str(tmp_path / "file"))
    for attempt in (lambda: cache.keep("name", b""), lambda: cache.workshop().__enter__()):
        with pytest.raises(BadInput, match=r"file: is a file, .*; set MOTES_CACHE to a folder of yours"):
            attempt()


def test_a_workshop_is_gone_afterwards(cache_folder: Path) -> None:
    with pytest.raises(KeyError), cache.workshop() as where:
        (where / "a").write_bytes(b"")
        raise KeyError
    assert not where.exists()


def test_what_is_not_used_is_swept_out_once_a_day(cache_folder: Path) -> None:
    def make_old(path: Path, days: float) -> None:
        at = path.stat().st_mtime - days * cache.DAY
        os.utime(path, (at, at))

    unused, used, fresh = (cache.keep(cache.digest(name), b"data") for name in ("unused", "used", "fresh"))
    for path in (unused, used):
        make_old(path, cache.UNUSED_DAYS + 1)
    assert cache.find(used.name) == used
    with cache.workshop():
        assert [p.exists() for p in (unused, used, fresh)] == [False, True, True]
    make_old(used, cache.UNUSED_DAYS + 1)
    with cache.workshop():
        assert used.exists(), "swept today already"
    make_old(cache_folder / "swept", 1.1)
    with cache.workshop():
        assert not used.exists()
