"""How rows flow through a region, where they lie, how outputs overlap inputs, and what is chosen to run so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.choose import choose
from motes.ir import Graph, Node, Tensor
from motes.ops.add.op import Add
from motes.ops.conv.op import Conv2D
from motes.ops.pool.op import AveragePool2D
from motes.plan import plan
from motes.program import Block, Call, Program
from motes.rows import Rows, Rule
from motes.rows.bands import Flow, in_bands, rates
from motes.rows.region import Kernels, Region, regions
from motes.rows.search import _extra, _fused
from nodes import constant, quant, tensor

NONE = Kernels(frozenset())


def conv(name: str, x: Tensor, side: int = 3, stride: int = 1, outputs: int = 8, pads: int = 1) -> Node:
    weights = constant("w", np.ones((outputs, side, side, x.shape[3]), np.int8), quant(0.004, 0))
    bias = constant("b", np.zeros(outputs, np.int32), None)
    rows, columns = ((n + 2 * pads - side) // stride + 1 for n in x.shape[1:3])
    op = Conv2D((stride, stride), (1, 1), (pads,) * 4)
    return Node(name, op, (x, weights, bias), (tensor(f"{name}_y", 1, rows, columns, outputs),))


def added(name: str, a: Tensor, b: Tensor) -> Node:
    return Node(name, Add(), (a, b), (replace(a, name=f"{name}_y"),))


def program(x: Tensor, *nodes: Node, outputs: tuple[Tensor, ...] = ()) -> Program:
    return choose(Graph("net", (x,), outputs or nodes[-1].outputs, nodes))


def residual() -> Program:
    """x of 16 rows of 128 bytes, and what two convolutions make of it, added."""
    x = tensor("x", 1, 16, 16, 8)
    one = conv("one", x)
    two = conv("two", one.output)
    return program(x, one, two, added("sum", two.output, x))


def first_region(of: Program, first: int, last: int, height: int) -> Region:
    return regions(of, first, last, height, NONE)[0]


def test_rows_flow_as_windows_need_them():
    x = tensor("x", 1, 16, 16, 8)
    one = conv("one", x)
    two = conv("two", one.output, stride=2)
    found = first_region(program(x, one, two), 0, 1, 2)
    assert found.bands.count == 4
    assert found.bands.flows[two.output] == Flow(2, 0, 8)
    assert found.bands.flows[one.output] == Flow(4, 0, 16)  # the window reaches one row up, and two steps on to row 2 i
    bands = found.bands.bands[found.calls[1]]
    assert [(b.first, b.made, b.read, b.taken, b.before, b.behind) for b in bands[:2]] == [
        (0, 2, 0, 4, 1, 0),
        (2, 2, 3, 5, 0, 0),
    ]
    (buffer,) = found.layout.buffers
    assert buffer.shape == (1, 5, 16, 8)  # a row of the band before, and four new ones
    assert found.layout.moved == {buffer: 4 * 128}


def test_layers_ahead_are_done_earlier():
    found = first_region(residual(), 0, 1, 4)
    one, two = found.calls
    assert [b.made for b in found.bands.bands[one]] == [5, 4, 4, 3]
    assert [b.made for b in found.bands.bands[two]] == [4, 4, 4, 4]
    assert (found.bands.bands[two][-1].before, found.bands.bands[two][-1].behind) == (0, 1)


def test_kernels_that_compute_rows_together_get_them_together():
    net = residual()
    banded = tuple(NONE.banded(c, 4) for c in net.calls[:2])
    twos = tuple(replace(c, kernel=replace(c.kernel, rows_at_once=lambda node: 4)) for c in banded if c is not None)
    each = rates(twos, 4)
    assert each is not None
    found = in_bands(twos, each, {twos[1].node.output})
    assert found is not None
    assert [b.made for b in found.bands[twos[0]]] == [8, 4, 4]


@pytest.mark.parametrize(("columns", "rows"), [(1, 4), (3, 2), (16, 1)])
@pytest.mark.parametrize(("side", "kernel"), [(1, "conv_1x1_s8_dsp"), (5, "conv_s8_dsp")])
def test_four_pixels_are_computed_together_in_narrow_rows(columns: int, rows: int, side: int, kernel: str) -> None:
    node = conv("narrow", tensor("x", 1, 16, columns, 8), side, pads=side // 2)
    (call,) = choose(Graph("net", (node.input(0),), node.outputs, (node,)), frozenset({"dsp"})).calls
    assert isinstance(call, Call) and call.kernel.function == kernel
    assert call.kernel.rows_at_once(node) == rows


def test_a_residual_block_runs_in_the_place_of_its_input():
    found = first_region(residual(), 0, 2, 2)
    x, y = found.calls[0].node.input(0), found.calls[2].node.output
    assert found.layout.overlaps == ((y, x, 2 * 128),)  # rows are written two before they are added
    (landed,) = {found.layout.made[found.calls[1]]} & found.layout.located.keys()
    assert found.layout.located[landed].tensor is y
    net = residual()
    block = Rows(net).best(Rule(0, 10)).calls[0]
    assert isinstance(block, Block)
    assert plan(net).arena >= 3 * 16 * 128
    assert plan(Rows(net).best(Rule(0, 10))).arena < 1.6 * 16 * 128


def test_what_is_read_first_can_be_overwritten_first():
    x = tensor("x", 1, 16, 16, 8)
    one = conv("one", x, stride=2, outputs=16)
    two = conv("two", one.output, outputs=16)
    side = conv("side", x, side=1, stride=2, outputs=16, pads=0)
    given, early = regions(program(x, one, two, side, added("sum", two.output, side.output)), 0, 3, 2, NONE)
    assert [c.node.name for c in given.calls] == ["one", "two", "side", "sum"]
    assert [c.node.name for c in early.calls] == ["one", "side", "two", "sum"]
    assert early.ahead < given.ahead


@pytest.mark.parametrize("case", ["two ends", "not read", "all rows", "unaligned", "no rows"])
def test_what_does_not_go_row_by_row(case: str):
    x = tensor("x", 1, 16, 16, 8) if case != "unaligned" else tensor("x", 1, 16, 3, 3)
    one = conv("one", x)
    if case == "two ends":
        net = program(x, one, conv("two", x), outputs=(one.output,))
    elif case == "not read":
        net = program(x, one, conv("two", one.output), conv("other", one.output))
    elif case == "all rows":
        many = replace(x, shape=(2, 16, 16, 8))
        net = program(many, conv("one", many), conv("two", many))
    elif case == "unaligned":
        net = program(x, one, conv("two", one.output))
    else:  # the second window begins far before the rows that are there
        far = conv("two", one.output, side=1, pads=0)
        far = replace(far, op=replace(far.op, pads=(6, 0, 0, 0)), outputs=(tensor("far", 1, 22, 16, 8),))  # type: ignore[type-var]
        net = program(x, one, far)
    assert regions(net, 0, len(net.calls) - 1, 2, NONE) == []


def test_averages_leave_out_padding_in_bands_too():
    x = tensor("x", 1, 9, 8, 8)
    one = conv("one", x)
    pool = AveragePool2D(2, 2, 3, 3, (1, 1, 1, 0))
    net = program(x, one, Node("mean", pool, (one.output,), (tensor("m", 1, 5, 4, 8, q=one.output.quant),)))
    found = first_region(net, 0, 1, 1)
    bands = found.bands.bands[found.calls[1]]
    assert [(b.taken, b.before, b.behind) for b in bands] == [(2, 1, 0), (3, 0, 0), (3, 0, 0), (3, 0, 0), (2, 0, 1)]


def test_small_savings_are_not_worth_it_and_budgets_are_kept():
    net = residual()
    arena = plan(net).arena
    none = Rule(10, 0)
    assert Rows(net).best(none) is net
    assert Rows(net).best(none, arena) is net
    enough = Rows(net).best(none, arena - 1000)
    assert plan(enough).arena <= arena - 1000
    least = Rows(net).best(none, 1)
    assert plan(least).arena <= plan(enough).arena


def test_small_gains_in_cycles_are_not_counted_on() -> None:
    assert [_extra(banded, 100) for banded in (105, 100, 98, 97, 90)] == [5, 0, 0, 0, -7]


def test_bands_are_taken_where_they_spare_the_copies_at_edges() -> None:
    """Of a band all rows are copied at once; of an image that is not small, each four windows at its edges."""
    x = tensor("x", 1, 49, 40, 1)
    weights, bias = constant("w", np.ones((8, 10, 8, 1), np.int8)), constant("b", np.zeros(8, np.int32), None)
    first = Node("first", Conv2D((2, 2), (1, 1), (4, 5, 3, 3)), (x, weights, bias), (tensor("y", 1, 25, 20, 8),))
    net = choose(Graph("net", (x,), first.outputs, (first,)), frozenset({"dsp"}))
    fastest = Rows(net, frozenset({"dsp"})).best(Rule(2000, 0))
    (block,) = fastest.calls
    assert isinstance(block, Block) and plan(fastest).arena < plan(net).arena


def test_the_way_that_is_taken_is_the_best_as_planned() -> None:
    net = residual()
    rows, rule = Rows(net), Rule(0.1, 1.0)
    merits = {}
    for way in rows._ways():
        fused = _fused(net, way.choices, frozenset())
        if fused is not None:
            arena = plan(fused).arena
            merits[arena] = min(merits.get(arena, 10.0), arena / rows.arena + rule.worth * way.extra)
    assert len(merits) > 1
    assert merits[plan(rows.best(rule)).arena] == min(merits.values())
