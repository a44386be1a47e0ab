"""What the kernels of a program's layers cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from motes.build.compile import WORKERS
from motes.build.elf import read_elf
from motes.build.stack import reached
from motes.choose import choose
from motes.emit.layers import layer_symbol, params_symbol
from motes.ir import Kernel
from motes.machine import Measurement
from motes.pairs import Pair, joined
from motes.program import Block, Call, Program
from motes.proving import Proved, compile_program, lcg
from motes.target import Board, Region

PREFIX = "m"


@dataclass(frozen=True)
class Variant:
    """One kernel on one layer: cycles, bytes of its parameters and of the layer's own code, the shared functions that
    it calls, and the bytes of the arena that are in use while it runs."""

    kernel: str
    cycles: int
    data: int
    functions: tuple[str, ...]
    moment: int


@dataclass(frozen=True)
class Table:
    """The variants of the layers that have several, the default first, and what the rest of the program takes.

    Attributes:
        layers: by name.
        code: bytes of each shared function that some variant calls, beyond what the rest has of it. The most that it
            took: compilers make a function smaller that is called in one way only.
        cycles, flash: of everything else.
        ram: bytes of everything but the arena.
        pairs: of the layers, those that stand for two others.
    """

    layers: Mapping[str, tuple[Variant, ...]]
    code: Mapping[str, int]
    cycles: int
    flash: int
    ram: int
    pairs: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def single(self) -> Mapping[str, tuple[Variant, ...]]:
        """The layers that stand for themselves."""
        return {name: found for name, found in self.layers.items() if name not in self.pairs}

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)

    @staticmethod
    def from_json(kept: Mapping[str, Any]) -> Table:
        """What `to_json` made."""
        layers = {
            name: tuple(Variant(**{**v, "functions": tuple(v["functions"])}) for v in rows)
            for name, rows in kept["layers"].items()
        }
        pairs = {name: (first, second) for name, (first, second) in kept["pairs"].items()}
        return Table(layers, kept["code"], kept["cycles"], kept["flash"], kept["ram"], pairs)


def measured(
    program: Program,
    options: Mapping[str, tuple[Kernel, ...]],
    board: Board,
    toolchain: str,
    pairs: Mapping[str, Pair] = MappingProxyType({}),
) -> Table:
    """Measure the program once with the first kernel of every layer, once with the second, and so on; then with all
    pairs. The first waits for nobody, and leaves what all have in common in the cache; the others, several at once.

    Args:
        options: of layers that have several kernels, or are part of a pair.
    """
    where = _roomy(board)

    def built(program: Program) -> tuple[Proved, Measurement]:
        proved = compile_program(program, where, PREFIX, inputs=lcg(program.graph.inputs), toolchain=toolchain)
        return proved, proved.measure()

    layers: dict[str, list[Variant]] = {name: [] for name in (*options, *pairs)}
    code: dict[str, int] = {}
    anyway: dict[str, int] = {}
    rest: tuple[int, int, int] | None = None
    tried, names_of = zip(*_alternatives(program, options, board, pairs), strict=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        runs = [built(tried[0]), *pool.map(built, tried[1:])]
    for (proved, run), names in zip(runs, names_of, strict=True):
        symbols = {name: layer_symbol(PREFIX, name) for name, _, _ in proved.program.walk()}
        elf = read_elf(proved.image.kept.read_bytes())
        sizes = {s.name: s.size for s in elf.symbols}
        calls = reached(elf, sizes.keys() & set(symbols.values()))
        if rest is None:
            others = [calls.get(symbol, {}) for name, symbol in symbols.items() if name not in options]
            anyway = {f: size for functions in others for f, size in functions.items()}
        moments = _moments(proved)
        for name, call, _ in proved.program.walk():
            if name not in names:
                continue
            assert isinstance(call, Call), name
            functions = dict(calls.get(symbols[name], {}))  # a view has no function
            own = functions.pop(symbols[name], 0) + sizes.get(params_symbol(PREFIX, name), 0)
            code |= {f: max(size - anyway.get(f, 0), code.get(f, 0)) for f, size in functions.items()}
            layers[name].append(
                Variant(
                    call.kernel.function,
                    run.layers.get(name, (0, 0))[1],
                    own + _bytes(call),
                    tuple(sorted(functions)),
                    moments[name],
                )
            )
        if rest is None:
            first = {name: layers[name][0] for name in options}
            rest = _rest(proved, first, code, run.cycles)
    assert rest is not None
    parts = {name: pair.parts for name, pair in pairs.items()}
    return Table({name: tuple(found) for name, found in layers.items()}, code, *rest, parts)


def _alternatives(
    program: Program, options: Mapping[str, tuple[Kernel, ...]], board: Board, pairs: Mapping[str, Pair]
) -> Iterator[tuple[Program, Set[str]]]:
    """Programs in which every kernel of every layer is once, and the layers whose kernel was in none before."""
    nodes = {name: call.node for name, call, _ in program.walk()}
    for k in range(max((len(kernels) for kernels in options.values()), default=1)):
        picks = {nodes[name]: kernels[min(k, len(kernels) - 1)] for name, kernels in options.items()}
        new = {name for name, kernels in options.items() if k < len(kernels)}
        yield choose(program.graph, board.core.features, picks), new
    if pairs:
        yield joined(program, pairs.values()), pairs.keys()


def _roomy(board: Board) -> Board:
    """The board with four times its memory: what is too large may still be measured."""
    assert board.chip is not None
    flash, ram = (Region(r.start, 4 * r.size) for r in (board.chip.flash, board.chip.ram))
    return dataclasses.replace(board, chip=dataclasses.replace(board.chip, flash=flash, ram=ram))


def _rest(proved: Proved, chosen: Mapping[str, Variant], code: Mapping[str, int], cycles: int) -> tuple[int, int, int]:
    """Cycles, flash and RAM (without the arena) of a program, less what its layers with several kernels take.

    Equal arrays are in the image once: what several layers share is not subtracted twice.
    """
    shared = {f for v in chosen.values() for f in v.functions}
    twice, seen = 0, set[bytes]()
    for name, call, _ in proved.program.walk():
        params = call.params.values() if isinstance(call, Call) and name in chosen else ()
        arrays = [v.tobytes() for v in params if isinstance(v, np.ndarray)]
        twice += sum(len(a) for a in arrays if a in seen)
        seen.update(arrays)
    flash = proved.image.flash.total - sum(v.data for v in chosen.values()) - sum(code[f] for f in shared) + twice
    return cycles - sum(v.cycles for v in chosen.values()), flash, proved.image.ram.total - proved.plan.arena


def _bytes(call: Call) -> int:
    """Bytes of flash that the arrays of a kernel's parameters take."""
    return sum(-(-v.nbytes // 8) * 8 for v in call.params.values() if isinstance(v, np.ndarray))


def _moments(proved: Proved) -> dict[str, int]:
    """Bytes of the arena in use while each layer runs; those of a block while any of its own does."""
    found: dict[str, int] = {}
    for i, call in enumerate(proved.program.calls):
        alive = _covered((x.offset, x.offset + x.size) for x in proved.plan.lives if x.first <= i <= x.last)
        names = [call.node.name] if isinstance(call, Call) else _inside(call)
        found |= dict.fromkeys(names, alive)
    return found


def _covered(parts: Iterable[tuple[int, int]]) -> int:
    """Bytes that lie in any of these, from the first of each to the one behind."""
    total, upto = 0, 0
    for start, end in sorted(parts):
        total += max(0, end - max(start, upto))
        upto = max(upto, end)
    return total


def _inside(block: Block) -> list[str]:
    """The layers of a block, as `Program.walk` names them."""
    return [name for name, _, _ in Program(block.bodies[0].graph, (block,)).walk()]
