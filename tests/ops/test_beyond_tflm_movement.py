"""What operators that move elements give where TensorFlow Lite Micro stops with an error, or reads anything."""

from __future__ import annotations

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, DType, Graph, Node, Tensor, quant
from motes.ops.case import indices
from nodes import node, tensor

X = np.arange(12, dtype=np.int8).reshape(4, 3)


def run(one: Node, *values: Array) -> Array:
    variables = tuple(t for t in dict.fromkeys(one.inputs) if t is not None and t.data is None)
    (graph,) = host.load([Graph("one", variables, one.outputs, (one,))], sanitize=True, optimise="-O0")
    return graph(*values)[0]


def at(*values: int, dtype: DType) -> tuple[Tensor, Array]:
    return Tensor("at", (len(values),), dtype), np.array(values, dtype.numpy)


KINDS = pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])


def furthest(dtype: DType) -> tuple[int, int]:
    info = np.iinfo(dtype.numpy)
    return int(info.min), int(info.max)


@KINDS
def test_gather_takes_the_nearest_that_exists(dtype: DType) -> None:
    low, high = furthest(dtype)
    told, values = at(low, -1, 4, high, 2, dtype=dtype)
    y = run(node("GATHER", [tensor("x", 4, 3), told], tensor("y", 5, 3)), X, values)
    assert np.array_equal(y, X[[0, 0, 3, 3, 2]])


@KINDS
def test_gather_nd_takes_the_nearest_along_each_axis(dtype: DType) -> None:
    low, high = furthest(dtype)
    told = Tensor("at", (3, 2), dtype)
    values = np.array([[low, high], [high, low], [1, 5]], dtype.numpy)
    y = run(node("GATHER_ND", [tensor("x", 4, 3), told], tensor("y", 3)), X, values)
    assert y.tolist() == [2, 9, 5]


def test_embedding_lookup_takes_the_nearest_row() -> None:
    told, values = at(*furthest(DType.INT32), 1, dtype=DType.INT32)
    y = run(node("EMBEDDING_LOOKUP", [told, tensor("x", 4, 3)], tensor("y", 3, 3)), values, X)
    assert np.array_equal(y, X[[0, 3, 1]])
    rows, real = tensor("x", 4, 3, q=quant(0.5, 0)), Tensor("y", (3, 3), DType.FLOAT32)
    assert np.array_equal(run(node("EMBEDDING_LOOKUP", [told, rows], real), values, X), X[[0, 3, 1]] * 0.5)


@KINDS
def test_strided_slices_from_a_computed_place_are_moved_inside(dtype: DType) -> None:
    """Two rows of one column: the size is that of the output; a place counts from behind where it is negative."""
    low, high = furthest(dtype)
    ends = [indices(name, [n, n], dtype) for name, n in (("end", 0), ("strides", 1))]
    for place, want in (((0, 1), X[:2, 1]), ((-3, -1), X[1:3, 2]), ((high, low), X[2:, 0]), ((low, high), X[:2, 2])):
        told, values = at(*place, dtype=dtype)
        one = node("STRIDED_SLICE", [tensor("x", 4, 3), told, *ends], tensor("y", 2), shrink_axis_mask=2)
        assert np.array_equal(run(one, X, values), want)


@KINDS
def test_slices_are_moved_inside(dtype: DType) -> None:
    low, high = furthest(dtype)
    for start, rows, columns in (((low, high), slice(0, 2), slice(1, 3)), ((high, low), slice(2, 4), slice(0, 2))):
        told, values = at(*start, dtype=dtype)
        y = run(node("SLICE", [tensor("x", 4, 3), told, indices("size", [2, 2])], tensor("y", 2, 2)), X, values)
        assert np.array_equal(y, X[rows, columns])


@KINDS
def test_updates_are_moved_inside(dtype: DType) -> None:
    low, high = furthest(dtype)
    told, values = at(high, low, dtype=dtype)
    part = np.full((1, 2), 99, np.int8)
    y = run(
        node("DYNAMIC_UPDATE_SLICE", [tensor("x", 4, 3), tensor("p", 1, 2), told], tensor("y", 4, 3)), X, part, values
    )
    want = X.copy()
    want[3, :2] = 99
    assert np.array_equal(y, want)


def test_any_number_of_parts_of_any_rank() -> None:
    parts = [tensor(f"x{i}", 1, 2, 1, 1, 2) for i in range(40)]
    values = [np.full((1, 2, 1, 1, 2), i, np.int8) for i in range(40)]
    y = run(node("CONCATENATION", parts, tensor("y", 1, 2, 40, 1, 2), axis=2), *values)
    assert np.array_equal(y, np.concatenate(values, 2))


def test_six_axes_are_transposed() -> None:
    x = np.arange(64, dtype=np.int16).reshape((2,) * 6)
    order = [4, 2, 0, 3, 1, 5]
    tensors = [tensor(n, *(2,) * 6, dtype=DType.INT16) for n in "xy"]
    y = run(node("TRANSPOSE", [tensors[0], indices("p", order)], tensors[1]), x)
    assert np.array_equal(y, x.transpose(order))


def test_a_border_in_space_to_batch_is_zero_bytes() -> None:
    # TFLM never sets its value: in memory that begins as zeros it is 0, whatever the zero point.
    x, y = tensor("x", 1, 2, 2, 1), tensor("y", 4, 2, 2, 1)
    one = node("SPACE_TO_BATCH_ND", [x, indices("b", [2, 2]), indices("s", [[0, 2], [0, 2]])], y)
    made = run(one, np.full((1, 2, 2, 1), 5, np.int8))
    assert sorted(made.ravel().tolist()) == [0] * 12 + [5] * 4


def test_two_types_in_one_model() -> None:
    x, f = tensor("x", 2, 3), Tensor("f", (2, 3), DType.FLOAT32)
    y, g = tensor("y", 3, 2), Tensor("g", (3, 2), DType.FLOAT32)
    order = indices("p", [1, 0])
    nodes = tuple(
        Node(n, node("TRANSPOSE", [a, order], b).op, (a, order), (b,)) for n, a, b in (("n", x, y), ("m", f, g))
    )
    (graph,) = host.load([Graph("two", (x, f), (y, g), nodes)], sanitize=True, optimise="-O0")
    values = X[:2], X[:2].astype(np.float32)
    for got, want in zip(graph(*values), values, strict=True):
        assert np.array_equal(got, want.T)
