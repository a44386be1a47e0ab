"""What follows from constants is computed before anything runs: models with an open batch, scaled weights."""

from __future__ import annotations

import numpy as np

from motes.ir import DType, Graph, Node, quant
from motes.ops.reshape.op import Reshape
from motes.passes.fold_constants import fold_constants
from motes.tflite import load
from nodes import node
from prepared import constant, prepared, tensor, titles
from tflite_writer import Extras, Operator, write_model

INT32 = DType.INT32


def open_batch() -> tuple[list[Operator], list, list]:
    """What Keras gives without a batch size: the shape of a RESHAPE is put together from the input's own."""
    x, y = tensor("x", 1, 4, 6), tensor("y", 1, 8, 3)
    shape = tensor("shape", 3, dtype=INT32, q=None)
    batch = tensor("batch", dtype=INT32, q=None)
    target = tensor("target", 3, dtype=INT32, q=None)
    one, zero = constant("one", [1]), constant("zero", [0])
    options = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 1}
    operators = [
        Operator("SHAPE", (x,), (shape,), {"out_type": 2}),
        Operator("STRIDED_SLICE", (shape, zero, one, one), (batch,), options),
        Operator("PACK", (batch, constant("h", 8), constant("w", 3)), (target,), {"values_count": 3, "axis": 0}),
        Operator("RESHAPE", (x, target), (y,), {}),
    ]
    return operators, [x], [y]


def test_an_open_batch_becomes_one() -> None:
    graph = prepared(*open_batch())
    assert titles(graph) == ["RESHAPE"]


def test_an_open_batch_is_found_in_the_shapes_of_the_file() -> None:
    operators, (x,), (y,) = open_batch()
    graph = load(write_model(operators, [x], [y], Extras(signatures={x: (-1, 4, 6), y: (-1, 8, 3)})), "model")
    assert [t.shape for t in (*graph.inputs, *graph.outputs)] == [(1, 4, 6), (1, 8, 3)]


def test_a_chain_of_constants_becomes_one_constant() -> None:
    x, y = tensor("x", 2, 3), tensor("y", 2, 3)
    first = constant("first", [[1, 2], [3, 4], [5, 6]], DType.INT8, quant(0.5, 3))
    turned, wide = tensor("turned", 2, 3), tensor("wide", 1, 2, 3)
    flat = tensor("flat", 2, 3)
    operators = [
        Operator("TRANSPOSE", (first, constant("order", [1, 0])), (turned,), {}),
        Operator("EXPAND_DIMS", (turned, constant("axis", [0])), (wide,), {}),
        Operator("SQUEEZE", (wide,), (flat,), {"squeeze_dims": [0]}),
        Operator("ADD", (x, flat), (y,), {"fused_activation_function": 0}),
    ]
    graph = prepared(operators, [x], [y])
    assert titles(graph) == ["ADD"]
    assert graph.nodes[0].input(1).data.tolist() == [[1, 3, 5], [2, 4, 6]]


def test_outputs_that_are_known_are_copied() -> None:
    x, y = tensor("x", 4, 2), tensor("y", 2, dtype=INT32, q=None)
    graph = prepared([Operator("SHAPE", (x,), (y,), {"out_type": 2})], [x], [y])
    assert titles(graph) == ["RESHAPE"]
    assert graph.nodes[0].input(0).data.tolist() == [4, 2]


def test_what_is_not_known_stays() -> None:
    x = tensor("x", 2, 2)
    one = node("TRANSPOSE", [x, constant("order", [1, 0])], tensor("y", 2, 2))
    graph = Graph("g", (x,), one.outputs, (one,))
    assert fold_constants(graph).nodes == graph.nodes


def test_names_of_the_file_are_kept() -> None:
    x, y, z = tensor("x", 2), tensor("y", 2), tensor("z", 2, 1)
    known = constant("known", [1, 2], DType.INT8, quant(0.5, 3))
    made = Node("made", Reshape(), (known,), (z,), (3,))
    last = Node("last", Reshape(), (z,), (y,), (4,))
    graph = Graph("g", (x,), (y,), (made, last))
    (left,) = fold_constants(graph).nodes
    assert left.sources == (4,)
    assert left.input(0).name == "z"
    assert np.array_equal(left.input(0).data, [[1], [2]])
