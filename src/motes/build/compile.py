"""Sources to objects: each unit compiled once in its life, several at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from motes.build import cache
from motes.build.toolchain import Compiler

Sources: TypeAlias = Mapping[str, str]
"""Texts by file name, all in one folder: each `.c` is a translation unit, the others are included."""

WORKERS = 2

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def compile_all(
    compiler: Compiler, sources: Sources, options: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, Path]:
    """The object of every unit, by name of the unit, in the cache.

    Args:
        options: further arguments for some units, such as `-DNAME=value`.

    Raises:
        BuildFailed: a unit does not compile.
    """
    options = options or {}
    units = [name for name in sorted(sources) if name.endswith(".c")]
    keys = {unit: unit_key(compiler, unit, sources, options.get(unit, ())) for unit in units}
    found = {unit: cache.find(key) for unit, key in keys.items()}
    missing = [unit for unit, path in found.items() if path is None]
    made: dict[str, Path] = {}
    if missing:
        with cache.workshop() as where:
            write_sources(sources, where)
            with ThreadPoolExecutor(WORKERS) as pool:
                objects = pool.map(lambda unit: compiler.compile(unit, where, options.get(unit, ())), missing)
                made = {unit: cache.keep(keys[unit], data) for unit, data in zip(missing, objects, strict=True)}
    return {unit: path or made[unit] for unit, path in found.items()}


def unit_key(compiler: Compiler, unit: str, sources: Sources, options: Iterable[str] = ()) -> str:
    """A name for the object: the compiler, its flags, and every text that the unit sees."""
    texts = (part for name in reached(unit, sources) for part in (name, sources[name]))
    return cache.digest(compiler.key, *options, "", *texts)


def reached(unit: str, sources: Sources) -> list[str]:
    """The unit and every file of `sources` that it includes, directly or not, in order of first mention."""
    found = [unit]
    for name in found:  # grows while it is walked
        found += dict.fromkeys(m for m in _INCLUDE.findall(sources[name]) if m in sources and m not in found)
    return found


def write_sources(sources: Sources, where: Path) -> None:
    """Write the texts into the folder `where`, the same bytes on every system."""
    for name, text in sources.items():
        (where / name).write_bytes(text.encode())
