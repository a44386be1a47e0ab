"""What tests of blocks share: graphs of streams, inputs that are equal everywhere."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np

from motes.build import host
from motes.ir import Array, DType, Graph, Node, Quant, State, Tensor
from motes.stream import Source, Step, Stream


def graph_of(stream: Stream, *, open_states: bool = False) -> Graph:
    """Everything between the sensors or windows and `stream`; with `open_states`, states are inputs and outputs."""
    nodes: dict[Node, None] = {}
    states: dict[State, None] = {}
    starts: dict[Tensor, None] = {}

    def visit(found: Stream) -> None:
        if not isinstance(found.origin, Step):
            starts[found.tensor] = None
            return
        for before in found.origin.inputs:
            visit(before)
        nodes.update(dict.fromkeys(found.origin.nodes))
        states.update(dict.fromkeys(found.origin.states))

    visit(stream)
    if not open_states:
        return Graph("block", tuple(starts), (stream.tensor,), tuple(nodes), tuple(states))
    inputs = (*starts, *(s.read for s in states))
    return Graph("block", inputs, (stream.tensor, *(s.write for s in states)), tuple(nodes))


def run(stream: Stream, *inputs: Array) -> Array:
    """`stream` for one input after the other, on this machine with checks of undefined behaviour."""
    (compiled,) = host.load([graph_of(stream)], sanitize=True)
    (made,) = compiled.run_many(*inputs)
    return made


def scores(
    count: int = 1, dtype: DType = DType.FLOAT32, quant: Quant | None = None, period: Fraction = Fraction(1, 5)
) -> Stream:
    """A stream of vectors from nowhere."""
    return Stream(Tensor("scores", (count,), dtype, quant), Source("test", 1 / period), period)


def clips(shared: Path, every: int) -> list[Array]:
    """Some of the real recordings of single words, a second each at 16 kHz."""
    found = []
    for path in sorted((shared / "data" / "speech_commands_v0.01").glob("*/*.wav"))[::every]:
        with wave.open(str(path)) as file:
            found.append(np.frombuffer(file.readframes(-1), np.int16))
    assert found
    return found


def lcg_int16(count: int, seed: int = 1) -> Array:
    """int16 noise from a linear congruential generator."""
    made = np.empty(count, np.int64)
    state = seed
    for i in range(count):
        state = (state * 1664525 + 1013904223) % (1 << 32)
        made[i] = (state >> 16) - 32768
    return made.astype(np.int16)
