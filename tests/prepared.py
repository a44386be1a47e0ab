"""What tests of passes share: files that are compiled here and interpreted by TFLM, and their nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from motes.build import host
from motes.ir import Array, DType, Graph, Quant, Tensor, quant
from motes.ops.case import Case
from motes.passes import prepare
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

HALF = quant(0.5, 3)


def tensor(name: str, *shape: int, dtype: DType = DType.INT8, q: Quant | None = HALF) -> Tensor:
    return Tensor(name, shape, dtype, q)


def constant(name: str, values: Any, dtype: DType = DType.INT32, q: Quant | None = None) -> Tensor:
    data = np.array(values, dtype.numpy)
    return Tensor(name, data.shape, dtype, q, data)


def titles(graph: Graph) -> list[str]:
    return [node.op.title for node in graph.nodes]


def prepared(
    operators: Sequence[Operator], inputs: Sequence[Tensor], outputs: Sequence[Tensor], runs: int = 6
) -> Graph:
    """The graph after all passes, whose outputs equal TFLM's for the unchanged file."""
    model = write_model(operators, inputs, outputs)
    graph = load(model, "model")
    stimuli = Case("model", "", {}, tuple(inputs), tuple(outputs)).stimuli(runs)
    (compiled,) = host.load([graph], sanitize=True, optimise="-O0")
    ours = compiled.run_many(*(np.stack(values) for values in zip(*stimuli, strict=True)))
    theirs: list[Array] = run_tflm(model, stimuli)
    for got, want in zip(ours, theirs, strict=True):
        assert np.array_equal(got, want, equal_nan=got.dtype == np.float32)
    return prepare(graph)
