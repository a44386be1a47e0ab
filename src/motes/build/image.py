"""C and a board -> an image: linked, measured, and written for whatever programs the chip."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import intelhex

from motes.build import cache, stack, toolchain
from motes.build.compile import Sources, compile_all
from motes.build.elf import Elf, read_elf
from motes.build.files import write_files
from motes.build.sizes import ROOM, SIZED, Flash, Ram, check_fit, measure
from motes.build.stack import StackBound, stack_bound
from motes.build.toolchain import Compiler
from motes.emit.text import COMMON
from motes.errors import BadInput, BuildFailed
from motes.target import Board, Region


@dataclass(frozen=True)
class Image:
    """A linked image: the files that hold it, and what it takes."""

    elf: Path
    bin: Path
    hex: Path
    map: Path
    kept: Path
    """The ELF file in the cache, which no other build replaces: this one is run and measured."""
    flash: Flash
    ram: Ram
    stack: StackBound
    sections: Mapping[str, int]
    """Bytes by section, as `size -A` prints them."""

    def at(self, folder: Path) -> Image:
        """The same image, its files in another folder."""
        moved = {part: folder / getattr(self, part).name for part in ("elf", "bin", "hex", "map")}
        return dataclasses.replace(self, **moved)


def link(
    sources: Sources,
    board: Board,
    out: Path,
    *,
    name: str,
    prefix: str,
    peripherals: Iterable[str] | None = None,
    interrupts: int = 0,
    compiler: str = "zig",
) -> Image:
    """Compile C for a board and link it with the board's own, into `out`/`name`.elf, .bin, .hex and .map.

    The stack is reserved to the byte: the image is linked once to derive its bound, and again with exactly that. What
    is unchanged since any earlier build comes from the cache.

    Args:
        sources: as `motes.emit` makes them, with a main().
        prefix: of the names in `sources`: arrays `<prefix>_w_...` count as weights, `<prefix>_t_...` and
            `<prefix>_p_...` as tables.
        peripherals: of the board that an application uses; None for a profile image, which takes the start-up alone.
        interrupts: how many handlers can be active at once; see `stack_bound`.
        compiler: "zig" or "gcc".

    Raises:
        DoesNotFit: more flash or RAM than the board has.
        BuildFailed: the C does not compile or link, or its stack cannot be bounded.
        BadInput: the board is not a chip, the compiler is not installed, or `out` cannot be written.
    """
    if board.chip is None:
        raise BadInput(f"board {board.name} has no chip to build an image for; choose one that has")
    everything, own = with_board(sources, board, peripherals)
    linked = _link(toolchain.for_core(board.core, compiler), everything, own, board, interrupts)
    linked_elf = linked.kept.read_bytes()
    elf = read_elf(linked_elf)
    flash, ram = measure(elf, prefix, linked.startup, board.chip.ram)
    packed = flash_bytes(elf, board.chip.flash)
    paths = {suffix: out / f"{name}.{suffix}" for suffix in ("elf", "bin", "hex", "map")}
    contents = (linked_elf, packed, to_hex(packed, board.chip.flash.start), linked.map)
    write_files(dict(zip(paths.values(), contents, strict=True)))
    sections = {s.name: s.size for s in elf.sections}
    return Image(**paths, kept=linked.kept, flash=flash, ram=ram, stack=linked.stack, sections=sections)


def deliver(image: Image | None, out: Path, others: Mapping[str, bytes]) -> None:
    """Write an image, if there is one, and other files by name, into the folder `out`: all of them or none.

    Raises:
        BadInput: `out` cannot be written.
    """
    parts = (image.elf, image.bin, image.hex, image.map) if image else ()
    files = {out / path.name: path.read_bytes() for path in parts}
    remedy = {"remedy": cache.REMEDY} if cache.folder() in out.parents else {}
    write_files({**files, **{out / name: data for name, data in others.items()}}, **remedy)


def with_board(
    sources: Sources, board: Board, peripherals: Iterable[str] | None
) -> tuple[Sources, dict[str, tuple[str, ...]]]:
    """The sources with the board's C and the run-time functions; and the board's own units, with their options.

    Raises:
        BadInput: the board has no such peripheral, lacks a file, or has one called like one of `sources`.
    """
    own = (board.startup,) if peripherals is None else board.sources(peripherals)
    found = dict(sources)
    for path in (*own, *board.headers, COMMON / "motes.h", COMMON / "runtime.c"):
        text = _read(path)
        if found.setdefault(path.name, text) != text:
            raise BadInput(f"{path.name}: board {board.name} has a file of that name too; rename the model")
    return found, {path.name: board.defines for path in own}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: cannot be read ({error}); a board needs startup.c and link.ld, in UTF-8") from None


# ------------------------------------------------------------------------------------------------ linking


@dataclass(frozen=True)
class _Linked:
    """What linking leaves in the cache."""

    kept: Path
    map: bytes
    stack: StackBound
    startup: frozenset[str]
    """Names of the functions and objects that come from the board."""


def _link(
    compiler: Compiler, sources: Sources, own: Mapping[str, tuple[str, ...]], board: Board, interrupts: int
) -> _Linked:
    """The image, linked with exactly the stack it needs, or too large for the board.

    A draft is linked into more memory than there is: it tells the stack, and by how much a large image is too large.
    """

    def objects(reserved: int) -> dict[str, Path]:
        sized = {board.startup.name: (*board.defines, f"-DSTACK_SIZE={reserved}")}
        return compile_all(compiler, sources, {**own, **sized})

    assert board.chip is not None
    draft = objects(0)
    script = _read(board.link_script).replace("INCLUDE memory.ld\n", board.memory_script)
    names = (part for unit, path in draft.items() for part in (unit, path.name))
    # What changes the bound of the same objects when it changes.
    proof = b"".join(path.read_bytes() for path in sorted(Path(stack.__file__).parent.glob("*.py")))
    key = cache.digest("image", compiler.key, proof, script, str(board.chip), str(interrupts), *names)
    notes_, kept, map_ = (cache.find(f"{key}.{suffix}") for suffix in ("json", "elf", "map"))
    if notes_ and kept and map_:
        return _from_notes(json.loads(notes_.read_bytes()), kept, map_.read_bytes())
    roomy = re.sub(r"(LENGTH\s*=\s*)[^\s,}]+", rf"\g<1>{ROOM:#x}", script)
    elves = {unit: read_elf(path.read_bytes()) for unit, path in draft.items()}
    library = _incomplete(elves.values(), script)
    whole = read_elf(_run_linker(compiler, draft, roomy, library)[0])
    bound = stack_bound(whole, interrupts=interrupts)
    startup = frozenset(s.name for unit in own for s in elves[unit].symbols if s.kind in SIZED)
    check_fit(whole, bound.bytes, board.name, board.chip)
    elf, listing = _run_linker(compiler, objects(bound.bytes), script, library)
    notes = {"stack": dataclasses.asdict(bound), "startup": sorted(startup)}
    kept = cache.keep(f"{key}.elf", elf)
    cache.keep(f"{key}.map", listing)
    cache.keep(f"{key}.json", json.dumps(notes).encode())
    return _Linked(kept, listing, bound, startup)


def _from_notes(notes: Any, kept: Path, map_: bytes) -> _Linked:
    """What was kept, as it was."""
    chain, handler = (tuple((name, used) for name, used in notes["stack"][k]) for k in ("chain", "handler"))
    return _Linked(kept, map_, StackBound(notes["stack"]["bytes"], chain, handler), frozenset(notes["startup"]))


def _run_linker(compiler: Compiler, objects: Mapping[str, Path], script: str, library: bool) -> tuple[bytes, bytes]:
    """The ELF file and the map of these objects."""
    entry = re.search(r"\bENTRY\s*\(\s*(\w+)\s*\)", script)
    with cache.workshop() as where:
        (where / "link.ld").write_bytes(script.encode())
        for unit, path in objects.items():
            (where / f"{unit}.o").write_bytes(path.read_bytes())
        options = ["-T", "link.ld", *([f"-Wl,--entry={entry[1]}"] if entry else [])]
        map_ = compiler.link([f"{unit}.o" for unit in objects], "image.elf", where, *options, library=library)
        return (where / "image.elf").read_bytes(), map_.encode()


def _incomplete(objects: Collection[Elf], script: str) -> bool:
    """Whether neither these objects nor the linker script define all that they use."""
    used = {name for elf in objects for name in elf.undefined}
    defined = {symbol.name for elf in objects for symbol in elf.symbols}
    return not used <= defined | set(re.findall(r"\w+", script))


def flash_bytes(elf: Elf, flash: Region) -> bytes:
    """What is programmed into flash from its start to the last byte used; gaps hold 0xFF, as erased flash does.

    Raises:
        BuildFailed: the image loads bytes elsewhere.
    """
    for address, data in elf.segments:
        if address not in flash or address + len(data) > flash.end:
            raise BuildFailed(
                f"the image loads {len(data)} bytes at {address:#x}, outside the flash at {flash.start:#x}; "
                "compare the linker script with board.toml"
            )
    packed = bytearray(b"\xff" * (max((a + len(d) for a, d in elf.segments), default=flash.start) - flash.start))
    for address, data in elf.segments:
        packed[address - flash.start : address - flash.start + len(data)] = data
    return bytes(packed)


def to_hex(data: bytes, start: int) -> bytes:
    """Intel HEX of bytes at an address."""
    records = intelhex.IntelHex()
    records.frombytes(data, start)
    text = io.StringIO()
    records.write_hex_file(text)
    return text.getvalue().encode()
