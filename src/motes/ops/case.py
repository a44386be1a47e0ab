"""One generated test case of an operator, and the inputs it is tried with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from motes.ir import Array, DType, Graph, Node, Quant, State, Tensor
from motes.ops.memory import remembering

Oracle = Literal["tflm", "litert"]


@dataclass(frozen=True)
class Body:
    """A subgraph that a case's operator calls; its operators are written as cases, in their order."""

    operators: tuple[Case, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def graph(self, builtins: Mapping[str, Any]) -> Graph:
        """The same as a graph."""
        nodes = tuple(node for case in self.operators for node in case.graph(builtins).nodes)
        return Graph("body", self.inputs, self.outputs, nodes)


@dataclass(frozen=True)
class Case:
    """A single-operator model as a .tflite file would hold it."""

    name: str  # unique in the project, a C identifier
    builtin: str  # "CONV_2D"
    options: Mapping[str, Any]  # by their names in the schema, every field of the operator's `Builtin`
    inputs: tuple[Tensor | None, ...]  # those with data are constants
    outputs: tuple[Tensor, ...]
    ranges: Mapping[Tensor, tuple[float, float]] = field(default_factory=dict)
    """(lowest, highest) value of an input, where not all values of its type make sense, or other sizes of floats do."""
    oracle: Oracle = "tflm"
    """Who gives the answers: LiteRT's reference kernels where TFLM lacks the operator."""
    states: tuple[Tensor, ...] = ()
    """Inputs or outputs that are variables: their values stay from one run to the next."""
    remembers: bool = False
    """The operator keeps values that the file has no variables for."""
    bodies: tuple[Body, ...] = ()
    """What its options call subgraph 1, 2 and so on."""

    @property
    def variables(self) -> tuple[Tensor, ...]:
        """The inputs that a run is given, each once, in order."""
        given = (t for t in self.inputs if t is not None and t.data is None and t not in self.states)
        return tuple(dict.fromkeys(given))

    def graph(self, builtins: Mapping[str, Any]) -> Graph:
        """The same model as a graph, with `motes.ops.builtins()`."""
        made = {"bodies": tuple(body.graph(builtins) for body in self.bodies)} if self.bodies else {}
        op = builtins[self.builtin][0].from_tflite(self.builtin, self.options, self.inputs, self.outputs, **made)
        node = Node(self.name, op, self.inputs, self.outputs, (0,))
        node, states = remembering(node, op.memory(node))
        for i, old in enumerate(self.inputs):
            if old is not None and i in op.updates:
                new = replace(old, name=f"{old.name}_next")
                node = replace(node, outputs=(*node.outputs, new))
                states = (*states, _state(old, new))
        if op.extends:
            old = replace(node.output, name=f"{node.output.name}_before")
            node, states = replace(node, inputs=(*node.inputs, old)), (*states, _state(old, node.output))
        return Graph(self.name, self.variables, self.outputs, (node,), states)

    def stimuli(self, count: int = 0) -> tuple[tuple[Array, ...], ...]:
        """`count` sets of input values: all lowest, all highest, extremes at random, then uniform; always the same.

        Args:
            count: 0: 4, or 10 where values stay from one run to the next.
        """
        count = count or (10 if self.states or self.remembers else 4)
        rng = np.random.default_rng(random.Random(self.name).getrandbits(64))
        kinds = ("low", "high", "extremes", *("uniform",) * count)[:count]
        return tuple(tuple(_values(rng, t, kind, self.ranges.get(t)) for t in self.variables) for kind in kinds)


def _state(read: Tensor, write: Tensor) -> State:
    return State(read.name, np.zeros(read.shape, read.dtype.numpy), read, write)


def _values(rng: np.random.Generator, tensor: Tensor, kind: str, limits: tuple[float, float] | None) -> Array:
    if limits is not None or tensor.dtype is DType.BOOL:
        return _within(rng, tensor, kind, *(limits or (0, 1)))
    if tensor.dtype is DType.FLOAT32:
        low, high = -1.0, 1.0
        values = {"low": low, "high": high}.get(kind, rng.uniform(low, high, tensor.shape))
        # Sizes from far below a quantization step to far beyond the range.
        return np.asarray(np.full(tensor.shape, values) * 10.0 ** rng.integers(-3, 4), np.float32)
    info = np.iinfo(tensor.dtype.numpy)
    if kind in ("low", "high"):
        return np.full(tensor.shape, info.min if kind == "low" else info.max, tensor.dtype.numpy)
    if kind == "extremes":
        return rng.choice(np.array([info.min, info.max], tensor.dtype.numpy), tensor.shape)
    return rng.integers(info.min, info.max, tensor.shape, tensor.dtype.numpy, endpoint=True)


def _within(rng: np.random.Generator, tensor: Tensor, kind: str, low: float, high: float) -> Array:
    if kind in ("low", "high"):
        return np.full(tensor.shape, low if kind == "low" else high, tensor.dtype.numpy)
    if kind == "extremes":
        return rng.choice(np.array([low, high], tensor.dtype.numpy), tensor.shape)
    if tensor.dtype is DType.FLOAT32:
        return rng.uniform(low, high, tensor.shape).astype(np.float32)
    return rng.integers(int(low), int(high), tensor.shape, np.int64, endpoint=True).astype(tensor.dtype.numpy)


def float32(value: float) -> float:
    """The nearest float32, as a file stores scales."""
    return float(np.float32(value))


def draw_zero_point(rng: random.Random, low: int = -128, high: int = 127) -> int:
    """A zero point: anywhere, often at an end of the range or at 0."""
    return rng.choice((low, high, max(low, -1), 0, rng.randint(low, high), rng.randint(low, high)))


def draw_int8(rng: random.Random, shape: Sequence[int], symmetric: bool = False) -> Array:
    """Constant int8 values: mostly uniform, now and then all lowest, all highest or nearly all zero."""
    values = np.random.default_rng(rng.getrandbits(64))
    low = -127 if symmetric else -128
    kind = rng.choice(("uniform",) * 5 + ("low", "high", "sparse"))
    if kind in ("low", "high"):
        return np.full(shape, low if kind == "low" else 127, np.int8)
    drawn = values.integers(low, 127, tuple(shape), np.int8, endpoint=True)
    return drawn if kind == "uniform" else np.where(values.random(tuple(shape)) < 0.9, np.int8(0), drawn)


def draw_int32(rng: random.Random, count: int, span: int) -> Array:
    """Constant int32 values within ±span; now and then all 0."""
    values = np.random.default_rng(rng.getrandbits(64))
    return (
        np.zeros(count, np.int32)
        if rng.random() < 0.1
        else values.integers(-span, span, count, np.int32, endpoint=True)
    )


def moved(name: str, shape: Sequence[int], dtype: DType, data: Array | None = None) -> Tensor:
    """A tensor as operators that only move elements take it: quantized where its type asks for that."""
    small = dtype in (DType.INT8, DType.UINT8, DType.INT16)
    return Tensor(name, tuple(shape), dtype, Quant((0.5,), (0,)) if small else None, data)


def indices(name: str, values: Sequence[Any] | Array | int, dtype: DType = DType.INT32) -> Tensor:
    """A constant of axes, positions or sizes."""
    data = np.array(values, dtype.numpy)
    return Tensor(name, data.shape, dtype, None, data)


def with_computed(case: Case, *operands: int) -> Iterator[Case]:
    """The case, and where TFLM knows it the same with these inputs computed: those whose values are all alike, for a
    range says no more about what an input holds."""
    yield case
    there = ((i, case.inputs[i]) for i in operands if i < len(case.inputs))
    told = {i: t.data for i, t in there if t is not None and t.data is not None}
    known = {i: int(data.flat[0]) for i, data in told.items() if data.min() == data.max()}
    if known and case.oracle == "tflm":
        inputs = tuple(t and replace(t, data=None) if i in known else t for i, t in enumerate(case.inputs))
        ranges = {t: (known[i], known[i]) for i, t in enumerate(inputs) if t is not None and i in known}
        yield replace(case, name=f"{case.name}_computed", inputs=inputs, ranges={**case.ranges, **ranges})


def draw_values(rng: random.Random, shape: Sequence[int], dtype: DType) -> Array:
    """Constant values of any type, over all of its range; small numbers where it is float32."""
    values = np.random.default_rng(rng.getrandbits(64))
    if dtype is DType.FLOAT32:
        return values.normal(0, 10, tuple(shape)).astype(np.float32)
    if dtype is DType.BOOL:
        return values.random(tuple(shape)) < 0.5
    info = np.iinfo(dtype.numpy)
    return values.integers(info.min, info.max, tuple(shape), dtype.numpy, endpoint=True)
