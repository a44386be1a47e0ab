"""What moves nothing is not done."""

from __future__ import annotations

from typing import Any

import pytest

from motes.ir import DType, Tensor, quant
from prepared import constant, prepared, tensor, titles
from tflite_writer import Operator


def between(*steps: tuple[str, list[Tensor], Tensor, dict[str, Any]]) -> list[str]:
    """The operators left of some steps between two that stay."""
    x, last = tensor("x", 1, 2, 3, 4), steps[-1][2]
    first = tensor("first", 1, 2, 3, 4)
    y = Tensor("y", last.shape, last.dtype, last.quant)
    now, operators = first, [Operator("ADD", (x, x), (first,), {"fused_activation_function": 0})]
    for builtin, others, made, options in steps:
        operators.append(Operator(builtin, (now, *others), (made,), options))
        now = made
    operators.append(Operator("ADD", (now, now), (y,), {"fused_activation_function": 0}))
    found = titles(prepared(operators, [x], [y]))
    assert (found[0], found[-1]) == ("ADD", "ADD")
    return found[1:-1]


def same(name: str = "t") -> Tensor:
    return tensor(name, 1, 2, 3, 4)


SLICE = {"begin_mask": 15, "end_mask": 15, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}
ZEROS, WHOLE, ONES = constant("zeros", [0] * 4), constant("whole", [1, 2, 3, 4]), constant("ones", [1] * 4)


@pytest.mark.parametrize(
    ("builtin", "others", "options"),
    [
        ("RESHAPE", [constant("shape", [1, 2, 3, 4])], {}),
        ("TRANSPOSE", [constant("order", [0, 1, 2, 3])], {}),
        ("SLICE", [ZEROS, WHOLE], {}),
        ("STRIDED_SLICE", [ZEROS, WHOLE, ONES], SLICE),
        ("PAD", [constant("sides", [[0, 0]] * 4)], {}),
        ("CONCATENATION", [], {"axis": 1, "fused_activation_function": 0}),
        ("BROADCAST_TO", [WHOLE], {}),
        ("REVERSE_V2", [constant("axes", [0])], {}),
        ("QUANTIZE", [], {}),
        ("SPACE_TO_BATCH_ND", [constant("block", [1, 1]), constant("sides", [[0, 0]] * 2)], {}),
        ("SPACE_TO_DEPTH", [], {"block_size": 1}),
        ("SPLIT_V", [constant("sizes", [4]), constant("axis", [3])], {"num_splits": 1}),
    ],
)
def test_what_copies_everything_goes(builtin: str, others: list[Tensor], options: dict[str, Any]) -> None:
    assert between((builtin, others, same(), options)) == []


def test_a_transpose_of_axes_of_size_1_is_a_reshape() -> None:
    assert between(("TRANSPOSE", [constant("order", [1, 2, 0, 3])], tensor("t", 2, 3, 1, 4), {})) == ["RESHAPE"]


def test_transposes_that_cancel_go() -> None:
    there, back = constant("there", [0, 3, 1, 2]), constant("back", [0, 2, 3, 1])
    assert between(("TRANSPOSE", [there], tensor("t", 1, 4, 2, 3), {}), ("TRANSPOSE", [back], same("u"), {})) == []


def test_transposes_become_one() -> None:
    one, two = constant("one", [0, 3, 1, 2]), constant("two", [0, 2, 1, 3])
    steps = (("TRANSPOSE", [one], tensor("t", 1, 4, 2, 3), {}), ("TRANSPOSE", [two], tensor("u", 1, 2, 4, 3), {}))
    assert between(*steps) == ["TRANSPOSE"]


def test_reshapes_become_one_and_those_that_cancel_go() -> None:
    flat, square = tensor("flat", 24), tensor("square", 4, 6)
    steps = [("RESHAPE", [], flat, {"new_shape": [24]}), ("RESHAPE", [], square, {"new_shape": [4, 6]})]
    assert between(*steps) == ["RESHAPE"]
    assert between(*steps, ("RESHAPE", [], same("u"), {"new_shape": [1, 2, 3, 4]})) == []


def test_another_scale_is_kept() -> None:
    other = tensor("t", 1, 2, 3, 4, q=quant(0.25, -1))
    assert between(("SLICE", [ZEROS, WHOLE], other, {})) == ["RESHAPE"]
    assert between(("QUANTIZE", [], other, {})) == ["QUANTIZE"]


def test_outputs_and_inputs_stay() -> None:
    x, y = same("x"), same("y")
    graph = prepared([Operator("TRANSPOSE", (x, constant("order", [0, 1, 2, 3])), (y,), {})], [x], [y])
    assert titles(graph) == ["RESHAPE"]
    assert [t.name for t in (*graph.inputs, *graph.outputs)] == ["x", "y"]


def test_sources_tell_all_operators_a_node_came_from() -> None:
    x, t, y = same("x"), tensor("t", 1, 4, 2, 3), tensor("y", 1, 2, 4, 3)
    one, two = constant("one", [0, 3, 1, 2]), constant("two", [0, 2, 1, 3])
    operators = [Operator("TRANSPOSE", (x, one), (t,), {}), Operator("TRANSPOSE", (t, two), (y,), {})]
    (only,) = prepared(operators, [x], [y]).nodes
    assert only.sources == (0, 1)


def test_a_tensor_that_is_read_twice_is_transposed_once() -> None:
    x, t = same("x"), tensor("t", 1, 4, 2, 3)
    y, z = tensor("y", 1, 2, 4, 3), tensor("z", 1, 4, 2, 3)
    one, two = constant("one", [0, 3, 1, 2]), constant("two", [0, 2, 1, 3])
    operators = [
        Operator("TRANSPOSE", (x, one), (t,), {}),
        Operator("TRANSPOSE", (t, two), (y,), {}),
        Operator("ADD", (t, t), (z,), {"fused_activation_function": 0}),
    ]
    graph = prepared(operators, [x], [y, z])
    assert sorted(titles(graph)) == ["ADD", "TRANSPOSE", "TRANSPOSE"]
    assert {n.input(0).name for n in graph.nodes} == {"x", "t"}


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.INT32, DType.BOOL])
def test_every_type(dtype: DType) -> None:
    x, y = (tensor(n, 2, 3, dtype=dtype, q=None) for n in "xy")
    t = tensor("t", 3, 2, dtype=dtype, q=None)
    operators = [
        Operator("RESHAPE", (x,), (t,), {"new_shape": [3, 2]}),
        Operator("RESHAPE", (t,), (y,), {"new_shape": [2, 3]}),
    ]
    assert titles(prepared(operators, [x], [y])) == ["RESHAPE"]
