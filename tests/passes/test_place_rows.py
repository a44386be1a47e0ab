"""Counted loops read and write the rows of sequences where these lie, and keep no variable that nobody needs."""

from __future__ import annotations

import numpy as np
import pytest

from kept_rows import inputs, keeping_sums
from motes.build import host
from motes.choose import choose
from motes.ir import DType, Graph
from motes.ops.control.op import Part, Repeat
from motes.ops.gather.op import Gather
from motes.ops.update.op import DynamicUpdateSlice
from motes.ops.variables.op import Copy
from motes.passes import prepare
from motes.plan import plan
from motes.tflite import load
from tflm import run_litert


def loop_of(graph: Graph) -> Repeat:
    (op,) = (n.op for n in graph.nodes if isinstance(n.op, Repeat))
    return op


def kinds(op: Repeat) -> set[type]:
    return {type(n.op) for n in op.bodies[0].nodes}


def equal_litert(data: bytes, graph: Graph, shape: tuple[int, ...], dtype: DType = DType.FLOAT32) -> None:
    given = inputs(shape, dtype)
    want = run_litert(data, given)
    (ours,) = host.load([graph], sanitize=True)
    for k, x in enumerate(given):
        assert [y.tolist() for y in ours(*x)] == [w[k].tolist() for w in want]


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.INT8])
@pytest.mark.parametrize("width", [8, 3])
def test_rows_are_parts(width: int, dtype: DType) -> None:
    data = keeping_sums((6, 1, width), dtype=dtype)
    graph = load(data, "sums")
    op = loop_of(prepare(graph))
    size = width * dtype.size
    assert (op.count, op.reads, op.writes) == (6, (Part(0, size),), (Part(0, size),))
    (body,) = op.bodies
    assert [s.read.origin for s in body.states] == ["in_h"]  # the counter and the rows are gone
    assert kinds(op).isdisjoint({Gather, DynamicUpdateSlice})
    aligned = size % 8 == 0
    assert sum(isinstance(n.op, Copy) for n in body.nodes) == (1 if aligned else 2)
    equal_litert(data, graph, (6, 1, width), dtype)


def test_rows_that_are_not_all_written_stay_a_variable() -> None:
    data = keeping_sums((6, 1, 4), rounds=4)
    graph = load(data, "sums")
    op = loop_of(prepare(graph))
    assert op.count == 4 and op.writes == () and op.reads == (Part(0, 16),)
    assert DynamicUpdateSlice in kinds(op)
    equal_litert(data, graph, (6, 1, 4))


def test_what_is_needed_behind_the_loop_stays() -> None:
    data = keeping_sums((5, 2), outputs=(0, 1, 2, 3))
    graph = load(data, "sums")
    op = loop_of(prepare(graph))
    assert [s.read.origin for s in op.bodies[0].states] == ["in_i", "in_h", "in_x"]
    assert op.reads == () and op.writes == (Part(0, 8),)
    equal_litert(data, graph, (5, 2))


def test_a_loop_needs_little_beside_its_rows() -> None:
    """The input and the output, 64 rows of 32 bytes each; a row of the sum, and one on its way."""
    found = plan(choose(prepare(load(keeping_sums((64, 8)), "sums"))))
    assert found.arena <= 2 * 64 * 32 + 3 * 32


def test_the_sum_of_rows_is_a_number() -> None:
    (ours,) = host.load([load(keeping_sums((7,)), "sums")], sanitize=True)
    ((x,), *_) = inputs((7,), DType.FLOAT32)
    assert ours(x)[0].tolist() == np.cumsum(x).tolist()
