"""Sizes that files leave open, where the 1 that converters write for them does not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import oracle
from motes.errors import BadInput
from motes.ir import Array, DType, Tensor, quant
from motes.ops.case import indices
from motes.oracle import Question, Refusal, ask
from motes.tflite import load
from motes.verifying import verify
from tflite_small import message
from tflite_writer import Extras, Operator, write_model

Q = quant(0.5, 3)


def value(name: str, *shape: int, data: Array | None = None) -> Tensor:
    return Tensor(name, shape, DType.INT8, Q, data)


def dilated(block: int = 2) -> bytes:
    """A pooling over time that takes every second value, as converters write it, of an open batch."""
    x, y = value("x", 1, 6 * block, 4), value("y", 1, 5 * block, 4)
    apart, pooled = value("apart", 1, 6, 4), value("pooled", 1, 5, 4)
    wide, narrow = value("wide", 1, 1, 6, 4), value("narrow", 1, 1, 5, 4)
    blocks, sides = indices("blocks", [block]), indices("sides", [[0, 0]])
    pool = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "filter_width": 2, "filter_height": 1}
    operators = [
        Operator("SPACE_TO_BATCH_ND", (x, blocks, sides), (apart,)),
        Operator("EXPAND_DIMS", (apart, indices("axis", 1)), (wide,), {}),
        Operator("MAX_POOL_2D", (wide,), (narrow,), pool | {"fused_activation_function": "NONE"}),
        Operator("SQUEEZE", (narrow,), (pooled,), {"squeeze_dims": [1]}),
        Operator("BATCH_TO_SPACE_ND", (pooled, blocks, sides), (y,)),
    ]
    signatures = {t: (-1, *t.shape[1:]) for t in (x, apart, wide, narrow, pooled, y)}
    return write_model(operators, [x], [y], Extras(signatures=signatures))


@pytest.mark.parametrize("block", [2, 3])
def test_a_batch_that_holds_space(tmp_path: Path, block: int) -> None:
    oracle("tflite_micro")
    graph = load(dilated(block))
    assert [n.output.shape[0] for n in graph.nodes] == [block] * 4 + [1]
    path = tmp_path / "dilated.tflite"
    path.write_bytes(dilated(block))
    found = verify(path, "host")
    assert (found.oracle, found.status) == ("litert", "equal")
    refusal = ask(Question("tflm", dilated(block), (((np.zeros((1, 6 * block, 4), np.int8),),),)))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == (
        "operator 0 (SPACE_TO_BATCH_ND) makes more than the file has room for, beyond which it would write"
    )


def reshaped(told: Tensor) -> bytes:
    x, y, z = value("x", 1, 3, 4), value("y", 1, 1), value("z", 1, 1)
    operators = [Operator("RESHAPE", (x, told), (y,)), Operator("RELU", (y,), (z,))]
    inputs = [x] if told.data is not None else [x, told]
    return write_model(operators, inputs, [z], Extras(signatures={y: (-1, -1), z: (-1, -1)}))


@pytest.mark.parametrize("told", [[3, 4], [-1, 4], [6, -1]])
def test_a_shape_that_an_input_tells(told: list[int]) -> None:
    graph = load(reshaped(indices("told", told)))
    want = tuple(12 // -np.prod(told) if size == -1 else size for size in told)
    assert [n.output.shape for n in graph.nodes] == [want, want]


def test_a_shape_that_only_a_run_tells() -> None:
    said = message(reshaped(Tensor("told", (2,), DType.INT32)), BadInput)
    assert "x int8[1, 3, 4] cannot become y int8[1, 1]" in said
