"""Images: what they hold, what they are said to take, the same bytes anywhere, and words where one cannot be made."""

from __future__ import annotations

import dataclasses
import io
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import intelhex
import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from motes.build import cache, image, toolchain
from motes.build.compile import Sources
from motes.build.elf import Elf, read_elf
from motes.build.image import Image
from motes.build.stack import vector_table
from motes.choose import choose
from motes.emit import emit_model, emit_profile_main
from motes.errors import BadInput, BuildFailed, DoesNotFit
from motes.ir import Graph
from motes.machine import measure
from motes.passes import prepare
from motes.plan import plan
from motes.target import Board, Chip, Region, board
from toys import Gain, chain, line, ramp, values

VIRT = board("virt-m4")


def sources(graph: Graph, prefix: str = "toy") -> Sources:
    program = choose(prepare(graph))
    where = plan(program)
    inputs = tuple(np.ones(t.shape, t.dtype.numpy) for t in graph.inputs)
    return {**emit_model(program, where, prefix), **emit_profile_main(program, where, prefix, inputs)}


def heavy(weights: int = 1000) -> Graph:
    """A graph with 4 bytes of weights for each of `weights`."""
    return line(1.5, np.random.default_rng(0).standard_normal(weights).astype(np.float32))


def link(
    out: Path, graph: Graph | None = None, target: Board = VIRT, compiler: str = "zig", name: str = "toy"
) -> Image:
    made = sources(graph if graph is not None else heavy())
    return image.link(made, target, out, name=name, prefix="toy", compiler=compiler)


def chip_with(**changes: object) -> Board:
    assert VIRT.chip is not None
    return dataclasses.replace(VIRT, chip=dataclasses.replace(VIRT.chip, **changes))


def chip() -> Chip:
    assert VIRT.chip is not None
    return VIRT.chip


def elf(made: Image) -> Elf:
    return read_elf(made.elf.read_bytes())


# ------------------------------------------------------------------------------------------------ what is in it


def test_the_image_runs_and_computes(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, chain(Gain(3), Gain(-5)), compiler=compiler)
    x = values()
    ran = measure(made.elf, VIRT, overwrite={"motes_input_0": x.tobytes()}, read=["motes_output_0"])
    assert ran.exit_status == 0
    assert ran.symbols["motes_output_0"] == (x * -15).tobytes()


def test_flash_is_what_the_file_loads_without_the_inputs(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, compiler=compiler)
    with made.elf.open("rb") as file:
        elf_file = ELFFile(file)
        loaded = sum(s["p_filesz"] for s in elf_file.iter_segments() if s["p_type"] == "PT_LOAD")
        inputs = elf_file.get_section_by_name(".motes_input")["sh_size"]
    assert inputs == 4000
    assert made.flash.total == loaded - inputs
    assert made.flash.weights == 4000
    parts = made.flash.code + made.flash.weights + made.flash.tables + made.flash.startup
    assert parts == made.flash.total
    assert 0 < made.flash.startup < 500
    assert made.flash.tables == 0
    assert 0 < made.flash.code < 3000


@pytest.mark.parametrize("weights", range(1, 6))
def test_flash_and_ram_can_be_read_from_the_sections(tmp_path: Path, compiler: str, weights: int) -> None:
    made = link(tmp_path, heavy(weights), compiler=compiler)
    flash = ("vectors", "text", "rodata", "data")
    assert made.flash.total == sum(made.sections.get(f".{name}", 0) for name in flash)
    assert made.ram.total == sum(made.sections.get(f".{name}", 0) for name in ("stack", "data", "bss"))


def test_tables_are_what_operators_bring_themselves(tmp_path: Path, compiler: str) -> None:
    flash = link(tmp_path, ramp(500), compiler=compiler).flash
    assert (flash.weights, flash.tables) == (0, 2000)


def test_ram_is_all_sections_with_the_stack(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, compiler=compiler)
    in_ram = {s.name: s.size for s in elf(made).sections if s.address >= chip().ram.start}
    assert made.ram.total == sum(in_ram.values())
    assert made.ram.stack == in_ram[".stack"] == made.stack.bytes
    assert made.ram.data == made.ram.total - made.ram.stack
    assert 8000 <= made.ram.data < 8100, "an input and an output of 4,000 bytes each"


def test_sections_are_those_of_size(tmp_path: Path) -> None:
    made = link(tmp_path)
    assert made.sections == {s.name: s.size for s in elf(made).sections}
    assert {".vectors", ".text", ".rodata", ".motes_input", ".stack", ".bss"} <= made.sections.keys()


def test_the_stack_lies_lowest_in_ram(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, compiler=compiler)
    found = {n: s.address for n in ("__stack_limit", "__stack_top") if (s := elf(made).symbol(n))}
    assert found["__stack_limit"] == chip().ram.start
    assert found["__stack_top"] == chip().ram.start + made.stack.bytes


def test_the_vector_table_leads_into_the_image(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, compiler=compiler)
    stack, reset, *_ = vector_table(elf(made))
    assert stack == chip().ram.start + made.stack.bytes
    assert reset & 1
    assert reset < len(made.bin.read_bytes())
    assert made.bin.read_bytes()[:8] == stack.to_bytes(4, "little") + reset.to_bytes(4, "little")


def test_bin_and_hex_hold_what_the_elf_loads(tmp_path: Path, compiler: str) -> None:
    made = link(tmp_path, compiler=compiler)
    packed = made.bin.read_bytes()
    for address, data in elf(made).segments:
        assert packed[address : address + len(data)] == data
    records = intelhex.IntelHex(io.StringIO(made.hex.read_text("ascii")))
    assert records.tobinstr() == packed
    assert records.minaddr() == chip().flash.start


def test_the_map_names_what_was_linked(tmp_path: Path, compiler: str) -> None:
    told = link(tmp_path, compiler=compiler).map.read_text()
    assert "toy_run" in told
    assert "startup.c.o" in told


def test_the_run_time_library_is_linked_for_whoever_calls_it(
    tmp_path: Path, compiler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []
    link_objects = toolchain.Compiler.link

    def watched(self: toolchain.Compiler, *args: Any, library: bool = False) -> str:
        given.append(library)
        return link_objects(self, *args, library=library)

    monkeypatch.setattr(toolchain.Compiler, "link", watched)
    for number in ("float", "double"):  # the core multiplies no doubles
        unit = f"/* {tmp_path} */ {number} f({number} x);\n{number} f({number} x) {{ return x * x; }}\n"  # in no cache
        image.link({**sources(heavy()), "square.c": unit}, VIRT, tmp_path, name="toy", prefix="toy", compiler=compiler)
    assert given == [False, False, True, True]  # the draft, and the image


def test_flash_that_begins_off_a_page_holds_no_file_header(tmp_path: Path, compiler: str) -> None:
    folder = tmp_path / "board"
    shutil.copytree(VIRT.folder, folder)
    moved = dataclasses.replace(chip_with(flash=Region(0x27100, 0x80000)), folder=folder)
    made = link(tmp_path, target=moved, compiler=compiler)
    assert elf(made).segments[0][0] == 0x27100
    assert made.bin.read_bytes()[:4] == (chip().ram.start + made.stack.bytes).to_bytes(4, "little")


# ------------------------------------------------------------------------------------------------ the same bytes


def test_the_same_bytes_in_any_folder(tmp_path: Path, compiler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for name in ("here", "a folder elsewhere"):
        monkeypatch.setenv("MOTES_CACHE", str(tmp_path / f"cache of {name}"))
        made.append(link(tmp_path / name, compiler=compiler))
    for part in ("elf", "bin", "hex", "map"):
        first, second = (getattr(m, part).read_bytes() for m in made)
        assert first == second, part
    assert str(tmp_path).encode() not in made[0].elf.read_bytes()


def test_debug_information_changes_no_loaded_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_lines = link(tmp_path / "with")
    for_core = toolchain.for_core

    def without(*args: object) -> toolchain.Compiler:
        compiler = for_core(*args)  # type: ignore[arg-type]
        return dataclasses.replace(compiler, flags=tuple("-g0" if f == "-g" else f for f in compiler.flags))

    monkeypatch.setattr(toolchain, "for_core", without)
    bare = link(tmp_path / "without")
    assert ".debug_line" in _all_sections(with_lines)
    assert ".debug_line" not in _all_sections(bare)
    assert bare.bin.read_bytes() == with_lines.bin.read_bytes()


def _all_sections(made: Image) -> set[str]:
    with made.elf.open("rb") as file:
        return {s.name for s in ELFFile(file).iter_sections()}


def test_unchanged_sources_start_no_compiler(tmp_path: Path, cache_folder: Path, starts: list[str]) -> None:
    first = link(tmp_path / "first")
    assert starts
    starts.clear()
    second = link(tmp_path / "second")
    assert starts == []
    assert second.elf.read_bytes() == first.elf.read_bytes()
    assert dataclasses.replace(second, elf=first.elf, bin=first.bin, hex=first.hex, map=first.map) == first


def test_a_damaged_cache_is_filled_again(tmp_path: Path, cache_folder: Path, starts: list[str]) -> None:
    first = link(tmp_path / "first")
    for path in [p for p in cache_folder.glob("??/*") if p.is_file()]:
        path.write_bytes(b"?" + path.read_bytes()[1:-1])
    starts.clear()
    assert link(tmp_path / "second").elf.read_bytes() == first.elf.read_bytes()
    assert "toy.c.o" in starts


def test_a_changed_unit_alone_is_compiled_again(tmp_path: Path, cache_folder: Path, starts: list[str]) -> None:
    made = dict(sources(heavy()))
    image.link(made, VIRT, tmp_path, name="toy", prefix="toy")
    starts.clear()
    made["inputs.c"] += "/* changed */\n"
    image.link(made, VIRT, tmp_path, name="toy", prefix="toy")
    compiled = [s for s in starts if s.endswith(".c.o")]
    assert compiled == ["inputs.c.o"]


def test_a_changed_header_compiles_what_includes_it(tmp_path: Path, cache_folder: Path, starts: list[str]) -> None:
    made = dict(sources(heavy()))
    image.link(made, VIRT, tmp_path, name="toy", prefix="toy")
    starts.clear()
    made["toys.h"] += "/* changed */\n"
    image.link(made, VIRT, tmp_path, name="toy", prefix="toy")
    assert [s for s in starts if s.endswith(".c.o")] == ["toy.c.o"]


def test_builds_at_once_in_one_folder(tmp_path: Path, cache_folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: link(tmp_path / "out"), range(4)))
    alone = link(tmp_path / "alone")
    for part in ("elf", "bin", "hex", "map"):
        assert {getattr(m, part).read_bytes() for m in (*made, alone)} == {getattr(alone, part).read_bytes()}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["toy.bin", "toy.elf", "toy.hex", "toy.map"]


def test_different_builds_at_once_leave_whole_files(tmp_path: Path) -> None:
    graphs = [heavy(n) for n in (500, 1000, 1500)]
    alone = [{link(tmp_path / str(i), g).elf.read_bytes() for i, g in enumerate(graphs)}][0]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda g: link(tmp_path / "out", g), graphs))
    assert (tmp_path / "out" / "toy.elf").read_bytes() in alone


# ------------------------------------------------------------------------------------------------ words


def test_too_much_flash_is_told_by_how_much(tmp_path: Path, compiler: str) -> None:
    fits = link(tmp_path / "fits", compiler=compiler)
    needed = fits.flash.total + fits.sections[".motes_input"]
    limit = needed - 100
    small = chip_with(flash=Region(0, limit))
    with pytest.raises(DoesNotFit) as raised:
        link(tmp_path / "out", target=small, compiler=compiler)
    words = str(raised.value)
    assert f"the image takes {needed:,} bytes of flash, 100 more than its {limit:,}; most weigh " in words
    assert "toy_w_" in words
    assert "choose a board with more memory than virt-m4, or a smaller model" in words
    assert "RAM" not in words
    assert not (tmp_path / "out").exists()


def test_too_much_ram_is_told_by_how_much(tmp_path: Path, compiler: str) -> None:
    fits = link(tmp_path / "fits", compiler=compiler)
    small = chip_with(ram=Region(chip().ram.start, 5000))
    with pytest.raises(DoesNotFit) as raised:
        link(tmp_path / "out", target=small, compiler=compiler)
    words = str(raised.value)
    over = fits.ram.total - 5000
    assert f"the image takes {fits.ram.total:,} bytes of RAM, {over:,} more than its 5,000; most weigh motes_" in words
    assert raised.value.exit_code == 3


def test_both_memories_are_told(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFit, match=r"bytes of flash, .* and [\d,]+ bytes of RAM, .* most weigh motes_model 192"):
        link(tmp_path, chain(Gain(1)), chip_with(flash=Region(0, 100), ram=Region(chip().ram.start, 100)))


def test_an_image_that_just_fits_is_linked(tmp_path: Path) -> None:
    fits = link(tmp_path / "first")
    exact = chip_with(
        flash=Region(0, fits.flash.total + fits.sections[".motes_input"]),
        ram=Region(chip().ram.start, fits.ram.total),
    )
    assert link(tmp_path / "second", target=exact).ram == fits.ram


def test_the_host_has_no_image(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="board host has no chip to build an image for"):
        link(tmp_path, target=board("host"))


def test_a_model_called_like_a_file_of_the_board(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"startup\.c: board virt-m4 has a file of that name too; rename the model"):
        image.link(sources(heavy(), "startup"), VIRT, tmp_path, name="startup", prefix="startup")


@pytest.mark.parametrize("name", ["startup.c", "link.ld"])
def test_a_board_that_lacks_a_file(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "board"
    shutil.copytree(VIRT.folder, folder)
    (folder / name).unlink()
    with pytest.raises(BadInput, match=rf"{name}: cannot be read .*; a board needs startup\.c and link\.ld"):
        link(tmp_path, target=dataclasses.replace(VIRT, folder=folder))


def test_a_board_without_vectors(tmp_path: Path) -> None:
    folder = tmp_path / "board"
    shutil.copytree(VIRT.folder, folder)
    script = (folder / "link.ld").read_text().replace("KEEP(*(.vectors))", "")
    (folder / "link.ld").write_text(script)
    with pytest.raises(BuildFailed, match=r"the linker script must say KEEP\(\*\(\.vectors\)\)"):
        link(tmp_path, target=dataclasses.replace(VIRT, folder=folder))


def test_c_that_does_not_compile(tmp_path: Path, cache_folder: Path) -> None:
    made = {**sources(heavy()), "main.c": "int main(void) { return wrong; }\n"}
    with pytest.raises(
        BuildFailed, match=r"main\.c: zig .* refused it \(status 1\)\n  main\.c:1:.*undeclared"
    ) as raised:
        image.link(made, VIRT, tmp_path / "out", name="toy", prefix="toy")
    assert str(cache_folder) not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_c_that_does_not_link(tmp_path: Path) -> None:
    made = {**sources(heavy()), "main.c": "void nowhere(void);\nint main(void) { nowhere(); return 0; }\n"}
    with pytest.raises(BuildFailed, match="undefined symbol: nowhere"):
        image.link(made, VIRT, tmp_path / "out", name="toy", prefix="toy")


def test_ctrl_c_leaves_nothing(tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(toolchain.subprocess, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        link(tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in cache_folder.rglob("*") if p.is_file()] == ["swept"]
    assert cache.folder() == cache_folder
