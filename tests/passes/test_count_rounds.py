"""Loops whose rounds follow from constants are counted, and need no condition then; others stay as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kept_rows import keeping_sums
from motes.build import host
from motes.ir import DType, Graph, Tensor
from motes.ops.control.op import Repeat, While
from motes.passes import prepare
from motes.tflite import load
from tflite_writer import Extras, Operator, Subgraph, write_model
from tflm import run_tflm

NONE = {"fused_activation_function": "NONE"}


def number(name: str, value: int | None = None) -> Tensor:
    return Tensor(name, (), DType.INT32, None, None if value is None else np.array(value, np.int32))


def counting(start: int | None, end: int, step: int, *, swapped: bool = False, asked: str = "LESS") -> bytes:
    """While i < end (or as `asked`): i += step, h = h + h + 1; a start of None is an input.

    Args:
        swapped: two counters take turns: the condition depends on the other one a round later.
    """
    ends = [number("i"), number("j"), Tensor("h", (3,), DType.INT32)]
    i, j, h = (replace(t, name=f"in_{t.name}") for t in ends)
    after, twice, h_after = number("after"), replace(h, name="twice"), replace(h, name="h_after")
    operators = [
        Operator("ADD", (i, number("step", step)), (after,), NONE),
        Operator("ADD", (h, h), (twice,), NONE),
        Operator("ADD", (twice, number("one", 1)), (h_after,), NONE),
    ]
    conditions = [replace(t, name=f"asked_{t.name}") for t in ends]
    less = Tensor("less", (), DType.BOOL)
    bodies = (
        Subgraph([Operator(asked, (conditions[0], number("end", end)), (less,))], conditions, [less]),
        Subgraph(operators, [i, j, h], [j, after, h_after] if swapped else [after, j, h_after]),
    )
    outs = [replace(t, name=f"out_{t.name}") for t in ends]
    first = ends[0] if start is None else number("start", start)
    given = [first, replace(first, name="start_too"), ends[2]]
    loop = Operator("WHILE", given, outs, {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    return write_model([loop], [t for t in given if t.data is None], outs, Extras(subgraphs=bodies))


def loop_of(graph: Graph) -> Repeat | While:
    (op,) = (n.op for n in prepare(graph).nodes if isinstance(n.op, Repeat | While))
    return op


@pytest.mark.parametrize(
    ("start", "end", "step", "swapped", "count"),
    [(0, 6, 1, False, 6), (3, 10, 4, False, 2), (-5, 1, 2, False, 3), (0, 1, 1, False, 1), (0, 5, 2, True, 6)],
)
def test_counted_loops_equal_tflm(start: int, end: int, step: int, swapped: bool, count: int) -> None:
    data = counting(start, end, step, swapped=swapped)
    graph = load(data, "loop")
    op = loop_of(graph)
    assert isinstance(op, Repeat) and op.count == count
    given = [(np.array([1, -2, 700], np.int32),), (np.array([0, 9, -1], np.int32),)]
    want = run_tflm(data, given)
    (ours,) = host.load([graph], sanitize=True)
    for k, (h,) in enumerate(given):
        assert [y.tolist() for y in ours(h)] == [w[k].tolist() for w in want]


def test_a_condition_that_nobody_knows_stays() -> None:
    assert isinstance(loop_of(load(counting(None, 6, 1), "loop")), While)


def test_a_loop_without_end_stays() -> None:
    """i += 2 never meets 7, but it wraps in the end: nobody counts as far as that."""
    assert isinstance(loop_of(load(counting(0, 7, 2, asked="NOT_EQUAL"), "loop")), While)


def test_the_cost_of_a_loop_counts_its_rounds() -> None:
    """5 rounds of 9 multiply-accumulates, whether the loop is counted already or not."""
    graph = load(keeping_sums((5, 1, 3), dense=True), "sums")
    (loop,) = graph.nodes
    assert isinstance(loop.op, While) and graph.macs == prepare(graph).macs == 5 * 9
