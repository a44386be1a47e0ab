"""Convolution: its geometry, its padding, which kernel serves what, and what runs in place."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import DType, Graph, Node, Tensor, quant
from motes.ops.common import same_pads
from motes.ops.conv import blocks
from motes.ops.conv.runs import View, look, run_pairs
from motes.ops.conv.window import Window
from motes.plan import plan
from motes.proving import compile_graph
from motes.target import Board
from nodes import constant, conv, depthwise, tensor

DSP = frozenset({"dsp", "fpu"})
SAME, VALID = 0, 1


# ------------------------------------------------------------------------------------------------ geometry


@pytest.mark.parametrize("length", range(1, 20))
def test_every_value_of_a_run_meets_its_weight_once(length: int) -> None:
    used = [i for pair in run_pairs(length) for i in pair if i is not None]
    assert sorted(used) == list(range(length))


@pytest.mark.parametrize(
    ("size", "window", "stride", "dilation", "pads"),
    [(5, 3, 1, 1, (1, 1)), (6, 3, 2, 1, (0, 1)), (5, 3, 2, 1, (1, 1)), (49, 10, 2, 1, (4, 5)), (4, 1, 3, 1, (0, 0)),
     (3, 3, 1, 4, (4, 4)), (2, 5, 1, 1, (2, 2))],
)  # fmt: skip
def test_same_padding_puts_the_odd_element_behind(
    size: int, window: int, stride: int, dilation: int, pads: tuple[int, int]
) -> None:
    assert same_pads(size, window, stride, dilation) == pads


def test_a_column_is_seen_as_a_row() -> None:
    tall = conv(
        x=tensor("x", 1, 30, 1, 4),
        w=constant("w", np.ones((8, 5, 1, 4), np.int8)),
        y=tensor("y", 1, 9, 1, 8),
        padding=VALID,
        stride_h=3,
    )
    tall.op.check(tall)
    view = look(tall)
    assert (view.in_h, view.in_w, view.filter_h, view.filter_w, view.stride_w) == (1, 30, 1, 5, 3)
    assert (view.columns, view.run_pixels, view.out_w) == (1, 5, 9)


def test_rows_that_are_copied_at_edges_are_those_that_the_kernel_copies() -> None:
    rng, copied = random.Random(8), []
    for _ in range(300):
        width, side, stride = 4 * rng.randint(1, 9), rng.randint(1, 9), rng.randint(1, 3)
        made = conv(
            x=tensor("x", 1, 40, stride * width - rng.randint(0, stride - 1), 4),
            w=constant("w", np.ones((8, rng.randint(1, 9), side, 4), np.int8)),
            y=tensor("y", 1, -(-40 // stride), width, 8),
            padding=SAME,
            stride_w=stride,
            stride_h=stride,
        )
        made.op.check(made)
        view = look(made)
        assert view.gathered == played(view)
        copied.append(view.gathered)
    assert min(copied) == 0 and len(set(copied)) > 50


def played(view: View) -> int:
    """Rows that conv_s8_dsp.h copies where windows do not lie inside, four at a time, of rows of 4 n windows."""
    if not view.pads or view.raw_h:
        return 0
    inside_h = view.in_h - (view.filter_h - 1) * view.dilation_h
    inside_w = view.in_w - view.reach_w + 1
    rows = 0
    for top in range(-view.pad_top, view.out_h * view.stride_h - view.pad_top, view.stride_h):
        column, left = view.out_w, -view.pad_left
        while column:
            ahead, fours = inside_w - left, 0
            if 0 <= top < inside_h and left >= 0 and ahead > 0:
                fours = min(column, (ahead - 1) // view.stride_w + 1) // 4
            rows += 0 if fours else view.filter_h
            column -= 4 * max(1, fours)
            left += 4 * max(1, fours) * view.stride_w
    return rows


def test_the_bias_may_be_absent_or_left_out() -> None:
    for good in (conv(), depthwise(), conv(b=None), depthwise(b=None)):
        good.op.check(good)
    short = replace(conv(), inputs=conv().inputs[:2])
    short.op.check(short)
    assert not short.op.params(short)["bias"].any()


def test_macs_count_padding_as_if_it_were_there() -> None:
    assert conv().op.macs(conv()) == 6 * 5 * 8 * 9 * 4
    groups = conv(x=tensor("x", 1, 6, 5, 16))
    assert groups.op.macs(groups) == 6 * 5 * 8 * 9 * 4  # each output sees the four channels of its group
    assert depthwise().op.macs(depthwise()) == 6 * 5 * 4 * 9


# ------------------------------------------------------------------------------------------------ explicit padding


def padded_nodes() -> list[tuple[Node, Node, tuple[int, int, int, int]]]:
    """Convolutions with pads of their own; the same without, over an input that was padded before; the pads."""
    rng = np.random.default_rng(8)
    made = []
    shapes = [(conv, (8, 3, 3, 4)), (conv, (8, 1, 1, 4)), (conv, (8, 1, 4, 2)), (depthwise, (1, 3, 3, 4)),
              (depthwise, (1, 2, 3, 4)), (depthwise, (1, 3, 3, 12))]  # fmt: skip
    for i, (make, filter_shape) in enumerate(shapes):
        for j, pads in enumerate([(2, 0, 0, 1), (0, 3, 4, 0), (1, 1, 2, 2)]):
            h, w, stride, channels = 6 + 5 * j, 7 + 5 * i, 1 + j % 2, 12 if filter_shape[3] == 12 else 4
            wide = h + pads[0] + pads[1], w + pads[2] + pads[3]
            out = [(s - f) // stride + 1 for s, f in zip(wide, filter_shape[1:3], strict=True)]
            outputs = filter_shape[0 if make is conv else 3]
            weights = constant(f"w{i}_{j}", rng.integers(-127, 128, filter_shape).astype(np.int8))
            same = {"w": weights, "b": None, "y": quiet((1, *out, outputs)), "padding": VALID}
            plain = make(x=tensor("x", 1, *wide, channels), stride_h=stride, stride_w=stride, **same)
            own = make(x=tensor("x", 1, h, w, channels), stride_h=stride, stride_w=stride, **same)
            assert isinstance(own.op, Window)
            made.append((replace(own, op=replace(own.op, pads=pads)), plain, pads))
    return made


@pytest.mark.cores(one_in=2)
def test_pads_of_any_size_equal_an_input_that_was_padded_before(virt: Board) -> None:
    rng = np.random.default_rng(9)
    trials = padded_nodes()
    graphs = [Graph("g", (n.input(0),), n.outputs, (n,)) for own, plain, _ in trials for n in (own, plain)]
    loaded = host.load(graphs, sanitize=True, optimise="-O0")
    renamed = [
        replace(n, name=f"n{i}", inputs=(replace(n.input(0), name=f"x{i}"), *n.inputs[1:]))
        for i, (n, _, _) in enumerate(trials)
    ]
    whole = Graph("all", tuple(n.input(0) for n in renamed), tuple(n.output for n in renamed), tuple(renamed))
    given, wanted = [], []
    for (own, _, (top, bottom, left, right)), padded, plain in zip(trials, loaded[::2], loaded[1::2], strict=True):
        x = rng.integers(-128, 128, own.input(0).shape).astype(np.int8)
        wide = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=own.input(0).zero_point)
        (want,) = plain(wide)
        np.testing.assert_array_equal(padded(x)[0], want, str(own.op))
        given.append(x)
        wanted.append(want)
    symbols = compile_graph(whole, virt, "all").measure(tuple(given)).symbols
    for i, want in enumerate(wanted):
        got = np.frombuffer(symbols[f"motes_output_{i}"], np.int8).reshape(want.shape)
        np.testing.assert_array_equal(got, want, str(renamed[i].op))
    kernels = {kernel_of(n) for n in renamed}
    depthwise = ("depthwise_conv_s8_dsp", "depthwise_conv_3x3_s8_dsp")
    assert kernels - {"conv_strips_s8_dsp"} == {"conv_s8", "conv_s8_dsp", "conv_3x3_s8_dsp", *depthwise}


def test_no_pixel_is_overwritten_that_a_padded_window_needs() -> None:
    # At stride 2, padded by 3, the third window reads the second pixel.
    one = conv(
        x=tensor("x", 1, 4, 4, 8), w=constant("w", np.ones((8, 1, 1, 8), np.int8)), y=quiet((1, 4, 4, 8)),
        stride_h=2, stride_w=2,
    )  # fmt: skip
    assert isinstance(one.op, Window)
    moved = replace(one, op=replace(one.op, pads=(3, 0, 3, 0)))
    moved.op.check(moved)
    assert kernel_of(moved) == "conv_s8_dsp"
    assert blocks.in_place(moved) == ()


# ------------------------------------------------------------------------------------------------ choice


def kernel_of(one: Node) -> str:
    (call,) = choose(Graph("g", (one.input(0),), one.outputs, (one,)), DSP).calls
    return call.kernel.function


def quiet(shape: tuple[int, ...]) -> Tensor:
    """An output that ReLU leaves whole, scaled well below the sums."""
    return tensor("y", *shape, q=quant(30.0, -128))


def test_which_kernel_serves_what_on_a_core_with_dsp() -> None:
    y = quiet((1, 6, 5, 4))
    assert kernel_of(conv()) == "conv_s8_dsp"
    assert kernel_of(depthwise(y=y)) == "depthwise_conv_3x3_s8_dsp"
    assert kernel_of(depthwise(y=y, dilation_h_factor=2)) == "depthwise_conv_s8_dsp"
    one = depthwise(x=tensor("x", 1, 6, 5, 1), y=quiet((1, 6, 5, 4)))
    assert kernel_of(one) == "conv_s8_dsp"  # one channel deep is an ordinary convolution
    row = {"w": constant("w", np.ones((8, 1, 1, 32), np.int8)), "padding": VALID}
    assert kernel_of(conv(x=tensor("x", 1, 6, 5, 32), **row, y=quiet((1, 6, 5, 8)))) == "conv_1x1_s8_dsp"
    row["w"] = constant("w", np.ones((8, 1, 1, 8), np.int8))
    assert kernel_of(conv(x=tensor("x", 1, 6, 5, 8), **row, y=quiet((1, 6, 5, 8)))) == "conv_1x1_s8_dsp"
    many = {"x": tensor("x", 1, 16, 16, 8), "y": quiet((1, 16, 16, 8))}
    assert kernel_of(conv(**row, **many)) == "conv_chunks_s8_dsp"  # many outputs
    first = {"x": tensor("x", 1, 64, 64, 4), "y": quiet((1, 32, 32, 8)), "stride_h": 2, "stride_w": 2}
    filters = constant("w", np.ones((8, 2, 2, 4), np.int8))
    assert kernel_of(conv(w=filters, **first)) == "conv_strips_s8_dsp"  # windows of few values, many outputs
    grouped = conv(x=tensor("x", 1, 6, 5, 8))
    assert kernel_of(grouped) == "conv_s8"
    wide = {"x": tensor("x", 1, 6, 5, 4, dtype=DType.INT16, q=quant(0.5, 0)), "b": None}
    wide["y"] = tensor("y", 1, 6, 5, 8, dtype=DType.INT16, q=quant(0.5, 0))
    assert kernel_of(conv(**wide)) == "conv_s16_dsp"  # channels in fours
    pairs = wide | {"w": constant("w", np.ones((8, 3, 3, 2), np.int8))}
    assert kernel_of(conv(**pairs)) == "conv_s16"


def test_a_sum_that_needs_24_bits_takes_the_portable_kernel() -> None:
    def layer(outside: int) -> Node:
        x = tensor("x", 1, 6, 5, 4, q=quant(0.5, -3))
        w = constant("w", np.full((8, 3, 3, 4), 100, np.int8))
        bias = constant("b", np.full(8, (1 << 23) - 1 - 9 * 4 * 100 * (127 + 3) + outside, np.int32), None)
        return conv(x=x, w=w, b=bias, y=tensor("y", 1, 6, 5, 8, q=quant(30_000.0, -128)))

    assert kernel_of(layer(0)) == "conv_s8_dsp"
    assert kernel_of(layer(1)) == "conv_s8"


# ------------------------------------------------------------------------------------------------ in place


def in_place_nodes() -> list[Node]:
    rng = np.random.default_rng(5)
    found = []
    for case, (h, w, c, stride) in enumerate([(7, 5, 4, 1), (8, 1, 8, 1), (9, 12, 4, 2), (5, 50, 12, 2), (1, 1, 4, 1)]):
        made = -(-h // stride), -(-w // stride)
        x, y = tensor(f"x{case}", 1, h, w, c), quiet((1, *made, c))
        weights = constant(f"w{case}", rng.integers(-127, 128, (1, 3, 3, c)).astype(np.int8))
        bias = constant(f"b{case}", rng.integers(-999, 999, c).astype(np.int32), None)
        found.append(depthwise(x=x, w=weights, b=bias, y=y, stride_h=stride, stride_w=stride))
        weights = constant(f"v{case}", rng.integers(-127, 128, (c // 2, 1, 1, c)).astype(np.int8))
        bias = constant(f"a{case}", rng.integers(-999, 999, c // 2).astype(np.int32), None)
        found.append(conv(x=replace(x, name=f"u{case}"), w=weights, b=bias, y=quiet((1, h, w, c // 2))))
    return found


@pytest.mark.cores(one_in=2, needs=("dsp",))
def test_outputs_may_overwrite_their_inputs(virt: Board) -> None:
    nodes = tuple(replace(one, name=f"n{i}") for i, one in enumerate(in_place_nodes()))
    inputs, outputs = tuple(n.input(0) for n in nodes), tuple(n.output for n in nodes)
    graph = Graph("in_place", inputs, outputs, nodes)
    where = plan(choose(graph, DSP))
    for one in nodes:
        assert where.offsets[one.output] == where.offsets[one.input(0)], one.op
    proved = compile_graph(graph, virt, "in_place")
    (portable,) = host.load([graph])
    for seed in range(2):
        rng = np.random.default_rng(seed)
        given = tuple(rng.integers(-128, 128, t.shape).astype(np.int8) for t in inputs)
        symbols = proved.measure(given).symbols
        for i, want in enumerate(portable(*given)):
            got = np.frombuffer(symbols[f"motes_output_{i}"], np.int8).reshape(want.shape)
            np.testing.assert_array_equal(got, want, str(nodes[i].op))
            assert len(np.unique(want)) > min(want.size, 20) // 4  # not all saturated
