"""Operators that say how rows follow from rows: a band of them, computed alone, is that part of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from case_models import FAMILIES, cases_of
from motes.build import host
from motes.ir import Array, Graph, Node, Rows, Tensor
from motes.ops import builtins
from nodes import constant, node, tensor

EACH = 12
"""Cases of each operator."""


def banded(whole: Node, rows: Rows, first: int, last: int) -> tuple[Node, slice]:
    """The node for output rows `first` to `last` alone, and the input rows that it takes."""
    height = next(t.shape[1] for t in whole.inputs if t and t.data is None)
    low, high = rows.needed(first, last)
    taken = slice(max(0, low), min(height, high + 1))
    inside = {t: resized(t, taken.stop - taken.start) for t in whole.inputs if t and t.data is None}
    inputs = tuple(inside.get(t, t) if t else None for t in whole.inputs)
    op = whole.op.padded(whole, max(0, -low), max(0, high + 1 - height))
    return Node(whole.name, op, inputs, (resized(whole.output, last - first + 1),)), taken


def resized(t: Tensor, rows: int) -> Tensor:
    return replace(t, shape=(t.shape[0], rows, *t.shape[2:]))


def served() -> Iterator[Node]:
    count: Counter[str] = Counter()
    for family in FAMILIES:
        for case in cases_of(family):
            if count[case.builtin] < EACH and not case.bodies:
                for one in case.graph(builtins()).nodes[:1]:
                    if one.op.rows(one) is not None and one.output.shape[1] > 2:
                        count[case.builtin] += 1
                        yield one


def whole_graph(one: Node) -> Graph:
    inputs = tuple(dict.fromkeys(t for t in one.inputs if t and t.data is None))
    return Graph(one.name, inputs, one.outputs, (one,))


def test_bands_of_every_operator_are_parts_of_the_whole() -> None:
    nodes = list(served())
    assert {n.op.title for n in nodes} >= {
        "CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "MUL", "RELU", "QUANTIZE", "LOGISTIC",
    }  # fmt: skip
    parts = []
    for i, one in enumerate(nodes):
        rows = one.op.rows(one)
        assert rows is not None
        height = one.output.shape[1]
        first, last = ((0, height // 2), (height // 2, height - 1), (1, height - 2))[i % 3]
        parts.append((*banded(one, rows, first, last), slice(first, last + 1)))
        parts[-1][0].op.check(parts[-1][0])
    made = host.load([whole_graph(n) for n in (*nodes, *(part for part, _, _ in parts))])
    wrong = []
    for one, (_, taken, given), whole, part in zip(nodes, parts, made, made[len(nodes) :], strict=False):
        values = [random(t) for t in whole.graph.inputs]
        (expected,), (got,) = whole(*values), part(*(np.ascontiguousarray(x[:, taken]) for x in values))
        if not np.array_equal(expected[:, given], got, equal_nan=got.dtype.kind == "f"):
            wrong.append(str(one))
    assert not wrong


def random(t: Tensor) -> Array:
    made = np.random.default_rng(t.elements).integers(0, 256, t.nbytes, np.uint8)
    if t.dtype.numpy.kind == "f":
        return (made[: t.elements] / 16 - 7).astype(t.dtype.numpy).reshape(t.shape)
    if t.dtype.numpy.kind == "b":
        return (made & 1).astype(bool).reshape(t.shape)
    return made.view(t.dtype.numpy).reshape(t.shape)


@pytest.mark.parametrize(
    ("window", "height", "made", "needed"),
    [
        (Rows(1), 7, 7, (2, 3)),
        (Rows(3, 1, 1, 1), 7, 7, (1, 4)),
        (Rows(3, 2, 0, 1), 8, 4, (4, 8)),
        (Rows(5, 3), 11, 3, (6, 13)),
    ],
)
def test_which_rows_are_needed(window: Rows, height: int, made: int, needed: tuple[int, int]) -> None:
    assert window.made(height) == made
    assert window.needed(2, 3) == needed


def test_operators_that_mix_rows_need_all_of_them() -> None:
    x, y = tensor("x", 1, 4, 6, 3), tensor("y", 1, 4, 6, 3)
    differing = constant("b", np.ones((1, 4, 1, 1), np.int8))
    assert node("ADD", [x, differing], y).op.rows(node("ADD", [x, differing], y)) is None
    batch = node("ADD", [tensor("x", 2, 4, 6, 3)] * 2, tensor("y", 2, 4, 6, 3))
    assert batch.op.rows(batch) is None
    flat = node("ADD", [tensor("x", 4, 6)] * 2, tensor("y", 4, 6))
    assert flat.op.rows(flat) is None
    joined = node("CONCATENATION", [x, x], tensor("y", 1, 8, 6, 3), axis=1)
    assert joined.op.rows(joined) is None
    beside = node("CONCATENATION", [x, x], tensor("y", 1, 4, 6, 6), axis=-1)
    assert beside.op.rows(beside) == Rows(1)
