"""Operands that TensorFlow Lite Micro takes computed, where kernels want constants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motes.build import host
from motes.check import check
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, DType, Graph, Node, Tensor
from motes.ops.control.op import If
from motes.ops.cumsum.op import CumSum
from motes.ops.reduce.op import Sum
from motes.passes import prepare
from motes.passes.choose_operands import choose_operands
from motes.tflite import load
from motes.wellformed import verify
from nodes import node, tensor
from tflite_writer import Extras, Operator, write_model

AXIS = Tensor("axis", (1,), DType.INT32)
FLOATS = Tensor("x", (2, 3, 4), DType.FLOAT32)
X = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def alone(one: Node) -> Graph:
    return Graph(
        "one", tuple(dict.fromkeys(t for t in one.inputs if t is not None and t.data is None)), one.outputs, (one,)
    )


def floats(*shape: int) -> Tensor:
    return Tensor("y", shape, DType.FLOAT32)


def run(one: Node, *values: Array) -> Array:
    (graph,) = host.load([alone(one)], sanitize=True, optimise="-O0")
    return graph(*values)[0]


def test_one_possible_value_becomes_a_constant() -> None:
    graph = choose_operands(alone(node("SUM", [FLOATS, AXIS], floats(2, 4))))
    (made,) = graph.nodes
    assert isinstance(made.op, Sum)
    assert np.array_equal(made.input(1).data, [1])


def test_several_become_a_choice() -> None:
    graph = choose_operands(alone(node("CUMSUM", [FLOATS, AXIS], floats(2, 3, 4))))
    assert [m.op.title for m in graph.nodes] == ["EQUAL", "REDUCE_ALL", "REDUCE_ANY", "IF"]
    assert isinstance(graph.nodes[-1].op, If)
    assert sum(isinstance(m.op, CumSum) for part in graph.within for m in part.nodes) == 3
    prepare(alone(node("CUMSUM", [FLOATS, AXIS], floats(2, 3, 4))))


@pytest.mark.parametrize("axis", range(-3, 3))
def test_the_value_chooses(axis: int) -> None:
    one = node("CUMSUM", [FLOATS, AXIS], floats(2, 3, 4))
    assert np.array_equal(run(one, X, np.array([axis], np.int32)), X.cumsum(axis=axis))


def test_several_axes_in_any_order() -> None:
    axes = Tensor("axes", (2,), DType.INT64)
    one = node("REVERSE_V2", [FLOATS, axes], floats(2, 3, 4))
    for told in ([0, 2], [2, 0], [-1, 1], [1, 2], [-3, -2]):
        assert np.array_equal(run(one, X, np.array(told)), np.flip(X, told)), told


def test_several_operands() -> None:
    image, maps = tensor("x", 1, 4, 4, 1), tensor("y", 4, 2, 3, 1)
    block, border = Tensor("block", (2,), DType.INT32), Tensor("border", (2, 2), DType.INT32)
    one = node("SPACE_TO_BATCH_ND", [image, block, border], maps)
    x = np.arange(16, dtype=np.int8).reshape(1, 4, 4, 1)
    for left in (0, 1, 2):
        sides = np.array([[0, 0], [left, 2 - left]], np.int32)
        got = run(one, x, np.array([2, 2], np.int32), sides)
        padded = np.pad(x[0, :, :, 0], sides)
        assert np.array_equal(got[..., 0], [padded[i::2, j::2] for i in (0, 1) for j in (0, 1)]), left


def test_what_fits_nothing_takes_the_last_form() -> None:
    one = node("CUMSUM", [FLOATS, AXIS], floats(2, 3, 4))
    assert np.array_equal(run(one, X, np.array([7], np.int32)), X.cumsum(axis=0))


LONG = Tensor("y", (3 << 23,), DType.INT8)
MANY = Tensor("axes", (3,), DType.INT32)
REFUSED: list[tuple[Node, type[MotesError], str]] = [
    (
        node("SUM", [FLOATS, AXIS], floats(5, 4)),
        BadInput,
        "x float32[2, 3, 4] along axes [0] does not give y float32[5",
    ),
    (node("CUMSUM", [FLOATS, replace(AXIS, dtype=DType.FLOAT32)], floats(2, 3, 4)), BadInput, "is not one int32"),
    (
        node("REVERSE_V2", [Tensor("x", (2,) * 7, DType.FLOAT32), MANY], floats(*(2,) * 7)),
        Unsupported,
        "axes int32[3] is computed, and may mean too many things; freeze the model, convert again",
    ),
    (
        node("STRIDED_SLICE", [FLOATS, MANY, MANY, MANY], floats(1, 1, 1)),
        BadInput,
        "input 3, axes, must be a constant; no tensor changes its size",
    ),
    (
        node("SPLIT_V", [FLOATS, Tensor("s", (1,), DType.INT32), AXIS], floats(2, 3, 4)),
        BadInput,
        "input 1, s, must be a constant; freeze the model, convert again",
    ),
    (
        node("SLICE", [FLOATS, MANY, Tensor("size", (2,), DType.INT32)], floats(1, 1, 1)),
        BadInput,
        "input 2, size, must be a constant; no tensor changes its size",
    ),
    (
        node("MIRROR_PAD", [Tensor("x", (1 << 24,), DType.INT8), Tensor("sides", (1, 2), DType.INT32)], LONG),
        Unsupported,
        "sides int32[1, 2] is computed, and may mean too many things; freeze the model, convert again",
    ),
    (
        node("REVERSE_V2", [FLOATS, Tensor("axes", (1 << 20,), DType.INT32)], floats(2, 3, 4)),
        BadInput,
        "input 1, axes, must be a constant; freeze the model, convert again",
    ),
    (
        node("MIRROR_PAD", [FLOATS, Tensor("sides", (4, 2), DType.INT32)], floats(2, 3, 5)),
        Unsupported,
        "sides int32[4, 2] is computed, but must be a constant; freeze the model, convert again",
    ),
]


@pytest.mark.parametrize(("bad", "error", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(bad: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as raised:
        verify(alone(bad))
    assert words in str(raised.value)


def sliced(signature: tuple[int, ...]) -> bytes:
    x, begin, size, y = (Tensor(n, (2,), DType.INT32) for n in ("x", "begin", "size", "y"))
    begin, size = replace(begin, shape=(1,)), replace(size, shape=(1,))
    y = replace(y, shape=(1,))
    return write_model(
        [Operator("SLICE", (x, begin, size), (y,))], (x, begin, size), (y,), Extras(signatures={y: signature})
    )


def test_a_size_is_that_of_the_output_unless_the_file_leaves_it_open() -> None:
    (graph,) = host.load([load(sliced((1,)))])
    assert graph(np.array([3, 5], np.int32), np.array([1], np.int32), np.array([1], np.int32))[0].tolist() == [5]
    with pytest.raises(Unsupported) as raised:
        load(sliced((-1,)))
    assert (
        "the size of y int32[1] is told by size int32[1], at run time; no tensor changes its size: give recurrent Keras"
        in str(raised.value)
    )


def test_check_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(sliced((1,)))
    assert check(path).supported
