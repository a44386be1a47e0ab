"""Two classes: a table of one output gives what TFLM computes, for every pair of scores."""

from __future__ import annotations

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import DType, Tensor, quant
from motes.ops.case import float32
from motes.ops.softmax.pair import smaller
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

SCORES = np.arange(-128, 128)


@pytest.mark.parametrize("scale", [0.0001, 0.0146362, 0.0125187, 0.1, 0.4, 3.0])
def test_every_pair_equals_tflm(scale: float) -> None:
    pairs = np.stack(np.meshgrid(SCORES, SCORES), axis=-1).reshape(-1, 2).astype(np.int8)
    x = Tensor("x", pairs.shape, DType.INT8, quant(float32(scale), 0))
    y = Tensor("y", pairs.shape, DType.INT8, quant(1 / 256, -128))
    model = write_model([Operator("SOFTMAX", (x,), (y,), {"beta": 1.0})], [x], [y])
    graph = load(model, "pairs")
    assert [call.kernel.function for call in choose(graph).calls] == ["softmax_pair_s8"]
    (compiled,) = host.load([graph])
    (expected,) = run_tflm(model, [(pairs,)])
    assert np.array_equal(compiled(pairs)[0], expected[0])


def test_table_ends_where_it_changes_no_more() -> None:
    assert [list(smaller(scale)) for scale in (1e-6, 8.0)] == [[0], [0, -128]]
    table = smaller(0.01)
    assert len(table) == 251 and table[-2] != table[-1]


def test_outputs_that_do_not_sum_to_one_have_no_table() -> None:
    assert any(smaller(scale) is None for scale in np.geomspace(1e-3, 1, 2000))
