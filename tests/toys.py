"""Graphs of toy operators: what the tests of the build compile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import DType, Graph, Kernel, Node, Op, Params, State, Tensor

COUNT = 24


@dataclass(frozen=True)
class Gain(Op):
    kernels = (Kernel("toy_gain", "toys.h"),)
    gain: int

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements, "gain": self.gain}


@dataclass(frozen=True)
class Spill(Op):
    kernels = (Kernel("toy_spill", "toys.h"),)
    extra: int

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements, "extra": self.extra}


@dataclass(frozen=True)
class Add(Op):
    kernels = (Kernel("toy_add", "toys.h"),)

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements}


@dataclass(frozen=True)
class Undefined(Op):
    kernels = (Kernel("toy_undefined", "toys.h"),)
    kind: int

    def params(self, node: Node) -> Params:
        return {"kind": self.kind}


@dataclass(frozen=True)
class Line(Op):
    kernels = (Kernel("toy_line", "toys.h"),)
    folded = (1,)
    factor: float

    def params(self, node: Node) -> Params:
        offsets = node.input(1).data
        assert offsets is not None
        return {"count": node.output.elements, "factor": self.factor, "offsets": offsets}


@dataclass(frozen=True)
class Ramp(Op):
    """Adds 0, 1, 2, ...: a table of the operator's own, not of the model."""

    kernels = (Kernel("toy_line", "toys.h"),)

    def params(self, node: Node) -> Params:
        count = node.output.elements
        return {"count": count, "factor": 1.0, "offsets": np.arange(count, dtype=np.float32)}


def ints(name: str) -> Tensor:
    return Tensor(name, (2, COUNT // 2), DType.INT32)


def chain(*ops: Op, name: str = "chain") -> Graph:
    """Operators one behind the other."""
    tensors = [ints(f"t{i}") for i in range(len(ops) + 1)]
    nodes = tuple(Node(f"n{i}", op, (tensors[i],), (tensors[i + 1],)) for i, op in enumerate(ops))
    return Graph(name, tensors[:1], tensors[-1:], nodes)  # type: ignore[arg-type]


def total() -> Graph:
    """Adds up what it is given, from 10 on."""
    x, old, new = ints("x"), ints("old"), ints("new")
    state = State("total", np.full(x.shape, 10, np.int32), old, new)
    return Graph("total", (x,), (new,), (Node("add", Add(), (x, old), (new,)),), (state,))


def line(factor: float, offsets: np.ndarray) -> Graph:
    """factor * x + offsets, in single precision."""
    x, y = (Tensor(n, offsets.shape, DType.FLOAT32) for n in "xy")
    b = Tensor("b", offsets.shape, DType.FLOAT32, None, offsets.astype(np.float32))
    return Graph("line", (x,), (y,), (Node("line", Line(factor), (x, b), (y,)),))


def values(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1000, 1000, (2, COUNT // 2), np.int32)


def ramp(count: int) -> Graph:
    """x + 0, 1, 2, ..., in single precision."""
    x, y = (Tensor(n, (count,), DType.FLOAT32) for n in "xy")
    return Graph("ramp", (x,), (y,), (Node("ramp", Ramp(), (x,), (y,)),))
