"""A graph as a profile image: built, measured on the virtual board, and proved against the portable code.

This is what `motes profile` shows of a model, and what a build of an application knows of its stages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motes.build import cache, host
from motes.build.elf import read_elf
from motes.build.image import Image, link
from motes.build.sizes import check_programs
from motes.choose import choose
from motes.emit import emit_model, emit_profile_main
from motes.emit.layers import layer_symbol
from motes.errors import BuildFailed
from motes.ir import Array, DType, Graph, Tensor
from motes.machine import Measurement, Place, measure, replay
from motes.machine.qemu_program import MACHINES
from motes.passes import prepare
from motes.plan import Plan, plan
from motes.program import Block, Program
from motes.target import Board

LCG_MULTIPLIER, LCG_INCREMENT = 1664525, 1013904223


@dataclass(frozen=True, eq=False)
class Proved:
    """A profile image of a graph, with what was decided on the way."""

    program: Program
    plan: Plan
    prefix: str
    board: Board
    image: Image
    sources: Mapping[str, str]

    @property
    def marks(self) -> dict[Place, str]:
        """The address of every layer's function, and the layer's name."""
        functions = {layer_symbol(self.prefix, name): name for name, _, _ in self.program.walk()}
        symbols = read_elf(self.image.kept.read_bytes()).symbols
        return {s.address & ~1: functions[s.name] for s in symbols if s.name in functions and s.kind == "FUNC"}

    def measure(self, inputs: tuple[Array, ...] | None = None) -> Measurement:
        """One run on the virtual board: on the image's own inputs, or on others written over them.

        The outputs are in `Measurement.symbols`, as `motes_output_<i>`.
        """
        overwrite = {f"motes_input_{i}": x.tobytes() for i, x in enumerate(inputs or ())}
        read = [f"motes_output_{i}" for i in range(len(self.program.graph.outputs))]
        return measure(self.image.kept, self.board, self.marks, overwrite=overwrite, read=read)

    def replay(self, runs: Sequence[Sequence[tuple[Array, ...]]]) -> list[list[tuple[Array, ...]]]:
        """The outputs of runs of several steps on the virtual board; each run begins afresh, and keeps its states."""
        return [[self.outputs_of(step) for step in run] for run in self.replayed(runs)]

    def replayed(self, runs: Sequence[Sequence[tuple[Array, ...]]]) -> tuple[tuple[Measurement, ...], ...]:
        """The same, as measured step by step."""
        steps = [[{f"motes_input_{i}": x.tobytes() for i, x in enumerate(step)} for step in run] for run in runs]
        carry = ("motes_kept",) if self.plan.kept_size else ()
        read = [f"motes_output_{i}" for i in range(len(self.program.graph.outputs))]
        return replay(self.image.kept, self.board, steps, self.marks, carry=carry, read=read)

    def outputs_of(self, measured: Measurement) -> tuple[Array, ...]:
        """The outputs that a run left behind."""
        return tuple(
            np.frombuffer(measured.symbols[f"motes_output_{i}"], t.dtype.numpy).reshape(t.shape)
            for i, t in enumerate(self.program.graph.outputs)
        )


@dataclass(frozen=True)
class Layer:
    """What one operator took, alone, on a board."""

    name: str
    op: str
    kernel: str
    macs: int
    instructions: int
    cycles: int


def zeros(tensors: tuple[Tensor, ...]) -> tuple[Array, ...]:
    """Inputs whose bytes are all zero."""
    return tuple(np.zeros(t.shape, t.dtype.numpy) for t in tensors)


def lcg(tensors: tuple[Tensor, ...]) -> tuple[Array, ...]:
    """Inputs from one linear congruential generator, filled in order.

    s = s * 1664525 + 1013904223 modulo 2**32 from s = 1; each step gives the byte s >> 24. Integer types take the bytes
    raw, float32 takes int8(byte) / 128.
    """
    state, filled = 1, []
    for t in tensors:
        count = t.elements if t.dtype is DType.FLOAT32 else t.nbytes
        made = bytearray()
        for _ in range(count):
            state = (state * LCG_MULTIPLIER + LCG_INCREMENT) & 0xFFFFFFFF
            made.append(state >> 24)
        raw = np.frombuffer(bytes(made), np.int8)
        array = (raw / np.float32(128)).astype(np.float32) if t.dtype is DType.FLOAT32 else raw.view(t.dtype.numpy)
        filled.append(array.reshape(t.shape))
    return tuple(filled)


def compile_graph(
    graph: Graph,
    board: Board,
    prefix: str,
    out: Path | None = None,
    *,
    inputs: tuple[Array, ...] | None = None,
    toolchain: str = "zig",
    name: str = "image",
) -> Proved:
    """The profile image of a graph for a board, in `out` or in the cache; `inputs` default to zeros.

    Raises:
        DoesNotFit, BuildFailed, BadInput, Unsupported: as `link` and `prepare` do.
    """
    program = choose(prepare(graph), board.core.features)
    return compile_program(program, board, prefix, out, inputs=inputs, toolchain=toolchain, name=name)


def compile_program(
    program: Program,
    board: Board,
    prefix: str,
    out: Path | None = None,
    *,
    inputs: tuple[Array, ...] | None = None,
    toolchain: str = "zig",
    name: str = "image",
) -> Proved:
    """The same of a program.

    Raises:
        DoesNotFit, BuildFailed, BadInput: as `link` does.
    """
    graph, where = program.graph, plan(program)
    check_programs(graph.name, [program], where, {}, board)
    given = zeros(graph.inputs) if inputs is None else inputs
    prints = board.core.model not in MACHINES  # QEMU takes half a millisecond for a character
    sources = {**emit_model(program, where, prefix), **emit_profile_main(program, where, prefix, given, prints)}
    if out is None:
        out = cache.folder() / "images" / cache.digest(board.name, toolchain, json.dumps(sources, sort_keys=True))[:20]
    image = link(sources, board, out, name=name, prefix=prefix, compiler=toolchain)
    return Proved(program, where, prefix, board, image, sources)


def self_check(proved: Proved, toolchain: str) -> None:
    """Two inputs through the image and through the portable code on this machine: every byte equal.

    What has been proved once is kept in the cache, under everything that went into it.

    Raises:
        BuildFailed: a byte differs; the message has the output, the place and both values.
    """
    portable = emit_model(p := choose(proved.program.graph), plan(p), "portable")
    key = cache.digest(
        "self-check", proved.board.name, toolchain, json.dumps([dict(proved.sources), portable], sort_keys=True)
    )
    if cache.find(key) is not None:
        return
    graph = proved.program.graph
    (reference,) = host.load([graph])
    cases = (zeros(graph.inputs), lcg(graph.inputs))
    for case, (got,) in zip(cases, proved.replay([[case] for case in cases]), strict=True):
        reference.reset()
        for tensor, have, want in zip(graph.outputs, got, reference(*case), strict=True):
            _compare(graph, tensor, have, want)
    cache.keep(key, b"every byte equal\n")


def _compare(graph: Graph, tensor: Tensor, have: Array, want: Array) -> None:
    differs = np.frombuffer(have.tobytes(), np.uint8) != np.frombuffer(want.tobytes(), np.uint8)
    if differs.any():
        at = int(np.flatnonzero(differs)[0]) // tensor.dtype.size
        raise BuildFailed(
            f"{graph.name}: the image disagrees with the portable code: output {tensor.origin or tensor.name}, element "
            f"{at}: {have.ravel()[at]} on the board, {want.ravel()[at]} expected, {int(differs.sum())} bytes in all; "
            "this is a fault of Motes or of the compiler: please report it with the model"
        )


def layers_of(proved: Proved, measurement: Measurement) -> tuple[Layer, ...]:
    """What every call of the program took: nothing, where there is nothing to do.

    A block is what it does besides running its bodies; their calls follow it.
    """
    found = []
    for name, call, runs in proved.program.walk():
        node = call.node
        instructions, cycles = measurement.layers.get(name, (0, 0))
        if isinstance(call, Block):
            kernel, macs = f"{call.op.structure} of programs", 0
        else:
            kernel = call.kernel.function if cycles else "none: a view"
            macs = runs * call.macs // max(1, len(call.rounds))
        found.append(Layer(name, node.op.title, kernel, macs, instructions, cycles))
    return tuple(found)
