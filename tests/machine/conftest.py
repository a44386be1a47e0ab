"""Small images for the virtual board, compiled where they are used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from motes.build import toolchain
from motes.target import Board

ITM = """
#include <stdint.h>
#define PORT(n) (*(volatile uint32_t *)(0xE0000000u + 4u * (n)))
#define START PORT(30) = 1
#define END PORT(31) = 1
#define EXIT(status) do { PORT(29) = (uint32_t)(status); for (;;) {} } while (0)
#define NOINLINE __attribute__((noinline))
"""

Build = Callable[..., Path]


@pytest.fixture(scope="session")
def profile_image(virt: Board, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compiles C with a main() against the start-up code alone, as profile images are."""

    def build(text: str, stack: int = 2048, compiler: str = "zig", on: Board = virt) -> Path:
        return _build(tmp_path_factory.mktemp("profile"), on, ITM + text, (on.startup,), stack, compiler)

    return build


@pytest.fixture(scope="session")
def application(virt: Board, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Compiles C with a main() against the board's own, with these peripherals."""

    def build(text: str, *peripherals: str, stack: int = 2048) -> Path:
        sources = virt.sources(peripherals)
        return _build(tmp_path_factory.mktemp("app"), virt, '#include "board.h"\n' + text, sources, stack, "zig")

    return build


def _build(where: Path, on: Board, text: str, sources: tuple[Path, ...], stack: int, compiler: str) -> Path:
    (where / "main.c").write_text(text)
    for path in (*sources, *on.headers, on.link_script):
        shutil.copy(path, where)
    (where / "memory.ld").write_text(on.memory_script)
    options = ("-T", "link.ld", "-Wl,--entry=reset_handler", "-Wl,--gc-sections", f"-DSTACK_SIZE={stack}", *on.defines)
    names = ["main.c", *(path.name for path in sources)]
    toolchain.for_core(on.core, compiler).link(names, "image.elf", where, *options, library=True)
    return where / "image.elf"
