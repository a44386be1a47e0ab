"""Cores and boards, and what is said about files that do not describe one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from motes.build.toolchain import for_core
from motes.errors import BadInput
from motes.target import Region, board, boards, core

VIRT = board("virt-m4").folder


def test_the_boards_that_come_along() -> None:
    assert [b.name for b in boards()] == ["host", "virt-m0p", "virt-m33", "virt-m4", "virt-m55", "virt-m7", "virt-rv32"]
    virt = board("virt-m4")
    assert virt.chip is not None
    assert (virt.chip.clock_hz, virt.chip.flash, virt.chip.ram) == (
        64_000_000,
        Region(0, 1 << 20),
        Region(0x20000000, 1 << 18),
    )
    assert virt.core.features == {"dsp", "fpu"}
    assert board("host").chip is None
    assert all(c.ua > 0 and c.source for p in virt.peripherals.values() for c in p.currents.values())
    assert set(virt.peripherals["microphone"].currents) == {"sensor", "interface"}


def test_a_region_knows_its_ends() -> None:
    region = Region(0x100, 0x10)
    assert (0xFF in region, 0x100 in region, 0x10F in region, 0x110 in region) == (False, True, True, False)


@pytest.mark.parametrize("name", ["virt-m0p", "virt-m33", "virt-m4", "virt-m55", "virt-m7", "virt-rv32"])
def test_the_linker_script_takes_its_memory_from_the_board(name: str) -> None:
    virt = board(name)
    assert virt.chip is not None
    assert "INCLUDE memory.ld\n" in virt.link_script.read_text()
    found = re.findall(r"(FLASH|RAM) \(\w+\) : ORIGIN = (0x\w+), LENGTH = (0x\w+)", virt.memory_script)
    assert {name: Region(int(start, 16), int(size, 16)) for name, start, size in found} == {
        "FLASH": virt.chip.flash,
        "RAM": virt.chip.ram,
    }


def test_vectors_and_board_agree() -> None:
    virt = board("virt-m4")
    rows = re.search(r"\{(\w+_interrupt[^}]*)\}", virt.startup.read_text())
    assert rows is not None
    order = [name.strip().removesuffix("_interrupt") for name in rows[1].split(",")]
    assert order == [p.name for p in sorted(virt.peripherals.values(), key=lambda p: p.irq or 0) if p.irq is not None]


def test_sources_are_those_of_the_peripherals() -> None:
    virt = board("virt-m4")
    assert [p.name for p in virt.sources(["microphone", "timer"])] == ["startup.c", "io.c", "microphone.c", "timer.c"]
    assert [p.name for p in virt.headers] == ["board.h", "registers.h"]
    assert "-DMICROPHONE_BASE=0x40010000u" in virt.defines
    assert "-DMICROPHONE_IRQ=0" in virt.defines
    with pytest.raises(BadInput, match="board virt-m4 has no radio; it has accelerometer, camera, console, led, "):
        virt.sources(["radio"])


def test_a_board_of_the_users_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(VIRT, mine)
    (mine / "board.toml").write_text((mine / "board.toml").read_text().replace('"virt-m4"', '"mine"'))
    assert board(mine).name == "mine"
    assert board(str(mine)).link_script == mine / "link.ld"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("virt_m4", "no board is called 'virt_m4'; did you mean virt-m4? known: host, virt-m0p, "),
        (
            "zzz",
            "no board is called 'zzz'; known: host, virt-m0p, virt-m33, virt-m4, virt-m55, virt-m7, virt-rv32, or ",
        ),
        ("x" * 5000, "no board is called 'xxx"),
        ("a\0b", "no board is called 'a\\x00b'"),
        ("", "no board is called ''"),
    ],
)
def test_unknown_boards(name: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        board(name)
    assert words in str(caught.value)


def test_unknown_core() -> None:
    with pytest.raises(
        BadInput,
        match="no core is called 'cortex-m5'; known: cortex-m0plus, cortex-m33, cortex-m4, cortex-m55, ",
    ):
        core("cortex-m5")
    with pytest.raises(BadInput, match=r"no core is called '\.\./cores/host'"):
        core("../cores/host")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("clock_hz = 64_000_000", "", "clock_hz is missing; expected an integer of at least 1, in Hz"),
        ("clock_hz = 64_000_000", "clock_hz = -1", "clock_hz is -1; expected an integer of at least 1, in Hz"),
        ("clock_hz = 64_000_000", "clock_hz = true", "clock_hz is True; expected an integer of at least 1, in Hz"),
        ("size = 0x0010_0000", 'size = "1M"', "memory.flash.size is '1M'; expected an integer of at least 1, in bytes"),
        (
            "start = 0x20000000",
            "start = 0xFFFF_0000",
            "memory.ram.size is 0x40000; start + size must stay within 32",
        ),
        ("volts = 3.0", "volts = nan", "supply.volts is nan; expected a number of at least 0, in volts"),
        ("ua = 3300", "ua = [1]", "current.run.ua is [1]; expected a number of at least 0, in microamperes"),
        ("irq = 3", "irq = 1", "peripherals.accelerometer.irq is 1, which timer has already; expected another"),
        ("irq = 3", "irk = 3", "peripherals.timer.irk is not known; did you mean irq?"),
        ("[memory.flash]", "[memory.flesh]", "memory.flash is missing; expected a table"),
        ('core = "cortex-m4"', 'core = "cortex-m99"', "no core is called 'cortex-m99'"),
        ('core = "cortex-m4"', "core = 4", "core is 4; expected a text"),
        (
            "base = 0x4000_3000",
            "base = 0x4000_3010",
            "peripherals.timer.base is 0x40003010; expected a page of 4096 bytes",
        ),
        ("base = 0x4000_3000", "base = 0x2000_0000", "peripherals.timer.base is 0x20000000; expected a page of 4096"),
        (
            "base = 0x4000_3000",
            "base = 0x4001_0000",
            "peripherals.microphone.base is 0x40010000, which timer has already",
        ),
        ("irq = 3", "irq = 240", "peripherals.timer.irq is 240; the core has interrupts 0 to 239"),
        (
            "[peripherals.led]",
            '[peripherals."../led"]',
            "'../led' is no peripheral's name; expected small letters, digits",
        ),
        (
            "size = 0x0004_0000",
            "size = 0x0004_0001",
            "memory.ram.size is 0x40001; memories are whole pages of 4096 bytes",
        ),
        ("size = 0x0004_0000", "size = 0x1000_1000", "memory.ram.size is 0x10001000; a memory has at most 256 MiB"),
        ("start = 0x20000000", "start = 0x00080000", "memory.ram overlaps memory.flash; expected them apart"),
        ('core = "cortex-m4"', 'core = "host"', "core is 'host', which runs no images; a chip needs another"),
        ('name = "virt-m4"', "name = ", "not valid TOML"),
        ('source = "assumed: a red', '# "', "peripherals.led.current.light.source is missing; expected a text"),
        ("[supply]", "[suply]", "supply is missing; expected a table"),
    ],
)
def test_malformed_board_files(old: str, new: str, words: str, tmp_path: Path) -> None:
    text = (VIRT / "board.toml").read_text()
    assert old in text
    (tmp_path / "board.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        board(tmp_path)
    assert words in str(caught.value)
    assert str(tmp_path / "board.toml") in str(caught.value)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="not valid TOML"):
        board(tmp_path)
    (tmp_path / "board.toml").write_bytes(b"#" * 70_000)
    with pytest.raises(BadInput, match="larger than 64 KiB, which no description of a core or board is"):
        board(tmp_path)


def test_words_about_boards_and_compilers_that_are_not_there(tmp_path: Path) -> None:
    text = (VIRT / "board.toml").read_text().replace('core = "cortex-m4"', 'core = "cortex-m4"\nlike = "virt-m9"')
    (tmp_path / "board.toml").write_text(text)
    with pytest.raises(BadInput, match="like is 'virt-m9'; expected one of host, virt-m0p, "):
        board(tmp_path)
    with pytest.raises(
        BadInput, match="toolchain gcc: arm-none-eabi-gcc makes no code for rv32imc; leave out --toolch"
    ):
        for_core(core("rv32imc"), "gcc")
