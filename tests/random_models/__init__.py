"""Random models as .tflite files: graphs of 3 to 20 operators that a converter might have written, always the same.

A graph is of one kind: int8, int16 activations, float32, or int8 with islands of float32. It grows operator by operator
from tensors that are there; what is left unread at its end are its outputs.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from case_models import FAMILIES, cases_of
from motes.ir import Array, DType, Tensor
from motes.ops import builtins
from random_models import elementwise, layers, moving
from random_models.growing import INEXACT, Growing
from tflite_writer import write_model

TABLE = {**elementwise.TABLE, **layers.TABLE, **moving.TABLE}

KINDS = (*("int8",) * 5, *("islands",) * 2, *("int16",) * 2, *("float32",) * 3)
TYPES = {"int8": DType.INT8, "islands": DType.INT8, "int16": DType.INT16, "float32": DType.FLOAT32}

HEAVY = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MUL")
"""These are drawn more often."""


CHANNELS = (
    *("CONV_2D", "DEPTHWISE_CONV_2D") * 6,
    *("FULLY_CONNECTED", "ADD", "CONCATENATION", "RESHAPE") * 2,
    *("SUB", "MUL", "MAXIMUM", "RELU", "RELU6", "LOGISTIC", "QUANTIZE", "MEAN", "REDUCE_MAX"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "PAD", "SPLIT", "SLICE", "STRIDED_SLICE", "TRANSPOSE", "SPACE_TO_DEPTH"),
)
"""What models of withered weights are made of."""


@dataclass(frozen=True)
class Model:
    """A file, its inputs and outputs."""

    name: str
    data: bytes
    operators: tuple[str, ...]
    inputs: tuple[Tensor, ...]

    def stimuli(self, count: int = 4) -> list[tuple[Array, ...]]:
        """Inputs for `count` runs: all lowest, all highest, then uniform."""
        rng = np.random.default_rng(random.Random(self.name).getrandbits(64))
        return [tuple(_fill(rng, t, i) for t in self.inputs) for i in range(count)]


def _fill(rng: np.random.Generator, tensor: Tensor, run: int) -> Array:
    if tensor.dtype is DType.FLOAT32:
        low, high = -2.0, 2.0
        values = rng.uniform(low, high, tensor.shape)
    else:
        info = np.iinfo(tensor.dtype.numpy)
        low, high = info.min, info.max
        values = rng.integers(low, high, tensor.shape, endpoint=True)
    return (np.full(tensor.shape, (low, high)[run]) if run < 2 else values).astype(tensor.dtype.numpy)


@functools.cache
def served() -> frozenset[tuple[str, DType]]:
    """The operators of the table, with the types of their input in which TFLM has them: as their cases say."""
    known = [case for family in FAMILIES for case in cases_of(family) if case.oracle == "tflm" and case.inputs]
    typed = [(case.builtin, case.inputs[builtins()[case.builtin][0].typed]) for case in known]
    return frozenset((builtin, x.dtype) for builtin, x in typed if x is not None and builtin in TABLE)


def random_model(seed: int) -> Model:
    """Model number `seed`."""
    rng = random.Random(f"random model {seed}")
    return _model(seed, Growing(rng, rng.choice(KINDS)), [*TABLE, *HEAVY, *HEAVY])


def withered_model(seed: int) -> Model:
    """Another one, many channels of which make no difference."""
    rng = random.Random(f"withered model {seed}")
    return _model(seed, Growing(rng, rng.choice(("int8", "int8", "int8", "int16")), withered=True), CHANNELS)


def _model(seed: int, graph: Growing, names: Sequence[str]) -> Model:
    """A model grown from inputs, with these operators."""
    rng, kind = graph.rng, graph.kind
    for _ in range(rng.choice((1, 1, 1, 2))):
        shape = (
            (1, rng.randint(4, 9), rng.randint(4, 9), rng.randint(4, 12))
            if graph.withered
            else rng.choice(
                (
                    (1, rng.randint(3, 12), rng.randint(3, 12), rng.randint(1, 8)),
                    (rng.choice((1, 1, 4)), rng.randint(3, 8), rng.randint(3, 8), rng.randint(1, 4)),
                    (1, rng.randint(2, 40)),
                    (rng.randint(1, 4), 6, 8),
                )
            )
        )
        x = graph.tensor(shape, TYPES[kind], 1.0)
        graph.inputs.append(x)
        graph.live.append(x)
    wanted = rng.randint(3, 20)
    for _ in range(8 * wanted):
        if len(graph.operators) >= wanted or not graph.live:
            break
        _grow(graph, rng.choice(names))
    for i, x in enumerate(t for t in graph.inputs if not any(t in op.inputs for op in graph.operators)):
        graph.emit("RESHAPE", [x, graph.ints(x.elements)], graph.like(x, (x.elements,)), new_shape=[i])
    read = {t for op in graph.operators for t in op.inputs}
    outputs = [t for op in graph.operators for t in op.outputs if t not in read]
    return Model(
        f"{'withered' if graph.withered else 'random'}_{seed}_{kind}",
        write_model(graph.operators, graph.inputs, outputs),
        tuple(str(op.builtin) for op in graph.operators),
        tuple(graph.inputs),
    )


def _grow(graph: Growing, builtin: str) -> None:
    """Add the operator behind a tensor, where it suits; in an island between a DEQUANTIZE and a QUANTIZE."""
    x = graph.rng.choice(graph.live)
    island = graph.kind == "islands" and x.dtype is DType.INT8 and graph.rng.random() < 0.4 and builtin not in INEXACT
    if island:
        x = graph.emit("DEQUANTIZE", [x], graph.tensor(x.shape, DType.FLOAT32, graph.spread[x]))
    if (builtin, x.dtype) in served():
        TABLE[builtin](graph, builtin, x)
    for y in [t for t in graph.live if graph.kind == "islands" and t.dtype is DType.FLOAT32]:
        graph.emit("QUANTIZE", [y], graph.tensor(y.shape, DType.INT8, graph.spread[y]))
