"""Convolution: what is proved before it runs, what runs in place, and what is refused. Every message is pinned."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, DType, Graph, Node, Quant, Tensor, quant
from motes.ops import builtins
from motes.ops.common import CONVERT_TO_INT8, same_pads
from motes.ops.conv import blocks
from motes.ops.conv.cases import cases
from motes.ops.conv.runs import View, look, run_pairs
from motes.ops.conv.step import Rescale, fit, fit_moved
from motes.ops.conv.window import Window
from motes.plan import plan
from motes.proving import compile_graph
from motes.quant import requantize
from motes.target import Board
from nodes import constant, node, tensor

DSP = frozenset({"dsp", "fpu"})
SAME, VALID = 0, 1


# ------------------------------------------------------------------------------------------------ rescaling


def rescales(count: int, zero_point: int | None = None) -> list[Rescale]:
    """Rescalings whose sums can all be tried; some never leave one output."""
    rng = random.Random(3)
    made = []
    for _ in range(count):
        right = rng.randint(1, 12)
        reach = 1 << rng.randint(1, 15)
        zero = rng.choice((-128, 127, 0, rng.randint(-128, 127))) if zero_point is None else zero_point
        low, high = sorted(rng.randint(-reach, reach) for _ in range(2))
        made.append(Rescale(rng.randint(1 << 30, (1 << 31) - 1), right, zero, low, high))
    return made


def sums(rescale: Rescale) -> Array:
    return np.arange(rescale.low, rescale.high + 1, dtype=np.int64)


def test_thresholds_are_where_tflm_steps() -> None:
    for rescale in rescales(200):
        outputs, first = rescale.thresholds
        every = rescale(sums(rescale))
        for output, at in zip(outputs, first, strict=True):
            assert at == sums(rescale)[np.argmax(every >= output)], (rescale, output)


def stepped(rescale: Rescale, factor: int, shift: int, bias: int) -> Array | None:
    """What the core computes for every sum, in 32 bits, where a step function was found."""
    found = fit(rescale, factor, shift, bias)
    if found is None:
        return None
    multiplier, offset = found
    scaled = ((sums(rescale) - bias) * factor * multiplier >> 32) + offset
    assert scaled.min() >= -(1 << 31) and scaled.max() < 1 << 31, rescale
    return np.clip(scaled >> shift, -128, 127)


@pytest.mark.parametrize("factor", [256, 256 * 32, 256 * 45])
@pytest.mark.parametrize("zero_point", [None, -128])
def test_a_step_function_that_was_found_equals_tflm_for_every_sum(factor: int, zero_point: int | None) -> None:
    found = 0
    for i, rescale in enumerate(rescales(300, zero_point)):
        bias = random.Random(i).choice((0, 0, rescale.low, rescale.high, (rescale.low + rescale.high) // 2))
        outputs = stepped(rescale, factor, min(factor.bit_length() - 2 + rescale.right, 22), bias)
        if outputs is not None:
            found += 1
            np.testing.assert_array_equal(outputs, rescale(sums(rescale)), str(rescale))
    # Halves round away from zero: only outputs on one side of the zero point step evenly. ReLU's all do.
    assert found >= (60 if zero_point is None else 280)


def test_sums_that_are_moved_meet_step_functions_that_others_just_miss() -> None:
    moved = 0
    for rescale in rescales(300, -128):
        found = fit_moved(rescale, 256, 7)
        if found is not None:
            less, multiplier, offset = found
            moved += less != 0
            assert max(less - rescale.low, rescale.high - less) < 1 << 23
            scaled = ((sums(rescale) - less) * 256 * multiplier >> 32) + offset
            np.testing.assert_array_equal(np.clip(scaled >> 7, -128, 127), rescale(sums(rescale)), str(rescale))
    assert moved >= 20


def test_no_sums_are_moved_where_steps_lie_on_both_sides_of_the_zero_point() -> None:
    both = [r for r in rescales(300) if r(sums(r)).min() < r.zero_point < r(sums(r)).max()]
    assert len(both) > 40
    for rescale in both:
        found = fit(rescale, 256, 10)
        assert fit_moved(rescale, 256, 10) == (None if found is None else (0, *found))


def test_no_step_function_where_the_sum_does_not_fit() -> None:
    assert fit(Rescale((1 << 31) - 1, 20, 0, -(1 << 24), 1 << 24), 256, 22) is None


def test_rounding_on_the_core_equals_tflm_for_every_sum() -> None:
    for rescale in rescales(300):
        multiplier, offset, right = rescale.rounded
        high = (2 * sums(rescale) * multiplier + (1 << 31)) >> 32
        assert rescale.roundable
        np.testing.assert_array_equal(
            np.clip((high - (high < 0) + offset) >> right, -128, 127), rescale(sums(rescale)), str(rescale)
        )


def test_a_multiplier_of_zero_gives_the_zero_point() -> None:
    rescale = Rescale(0, 1, -7, -1000, 1000)
    assert rescale.constant == -7
    assert set(np.asarray(stepped(rescale, 256, 8, 0))) == {-7}
    assert set(requantize(sums(rescale), 0, -1) - 7) == {-7}


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


def conv(**changes: Any) -> Node:
    """3x3 over (1, 6, 5, 4) to 8 channels."""
    parts = {
        "x": tensor("x", 1, 6, 5, 4),
        "w": constant("w", np.ones((8, 3, 3, 4), np.int8)),
        "b": constant("b", np.ones(8, np.int32), None),
        "y": tensor("y", 1, 6, 5, 8),
    }
    return built("CONV_2D", parts, changes)


def depthwise(**changes: Any) -> Node:
    """3x3 over (1, 6, 5, 4)."""
    parts = {
        "x": tensor("x", 1, 6, 5, 4),
        "w": constant("w", np.ones((1, 3, 3, 4), np.int8)),
        "b": constant("b", np.ones(4, np.int32), None),
        "y": tensor("y", 1, 6, 5, 4),
    }
    return built("DEPTHWISE_CONV_2D", parts, changes)


def built(builtin: str, parts: dict[str, Tensor | None], changes: dict[str, Any]) -> Node:
    parts = parts | {k: v for k, v in changes.items() if k in parts}
    output = parts["y"]
    assert output is not None
    options = {"stride_h": 1, "stride_w": 1} | {k: v for k, v in changes.items() if k not in parts}
    return node(builtin, [parts["x"], parts["w"], parts["b"]], output, **options)


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


# ------------------------------------------------------------------------------------------------ four pixels


def test_three_sums_are_those_of_four_pixels() -> None:
    def wrap(values: Array) -> Array:
        return np.asarray(values.astype(np.uint32).astype(np.int32).astype(np.int64))

    ends = [-(1 << 23) + 1, -(1 << 16), -257, -256, -1, 0, 1, 255, 256, 1 << 16, (1 << 23) - 1]
    rng = np.random.default_rng(1)
    drawn = rng.integers(-(1 << 23) + 1, 1 << 23, (4, 10_000))
    four = np.hstack([np.array(np.meshgrid(*[ends] * 4)).reshape(4, -1), drawn])
    s0, s1, s2 = wrap(256 * four[:-1] + four[1:])
    d = wrap(wrap(s2 - 256 * wrap(s1 - 256 * s0)) << 8)  # each 256 times, as conv_fours_s8_dsp.h has it
    c = wrap(s2 - (d >> 8))
    b = wrap(s1 - (c >> 8))
    a = wrap(s0 - (b >> 8))
    np.testing.assert_array_equal(np.stack([a, b, c, d]), wrap(256 * four))
    np.testing.assert_array_equal(wrap(wrap(257 * drawn) * 0x00FF0100), wrap(256 * drawn))  # of a single pixel


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


# ------------------------------------------------------------------------------------------------ refusals


W = np.ones((8, 3, 3, 4), np.int8)
D = np.ones((1, 3, 3, 4), np.int8)
FLOAT, FLOAT_Y = (tensor(name, 1, 6, 5, n, dtype=DType.FLOAT32, q=None) for name, n in (("x", 4), ("y", 8)))
WIDE, WIDE_Y = (tensor(name, 1, 6, 5, n, dtype=DType.INT16, q=quant(0.5, 0)) for name, n in (("x", 4), ("y", 8)))


def floats(**changes: Any) -> Node:
    return conv(x=FLOAT, y=FLOAT_Y, b=None, **changes)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (conv(x=tensor("x", 1, 6, 5, 4, dtype=DType.UINT8)), Unsupported,
     f"x uint8[1, 6, 5, 4] is not int8, int16 or float32; {CONVERT_TO_INT8}"),
    (conv(x=FLOAT), Unsupported, f"its output, y int8[1, 6, 5, 8], is not float32 as its input is; {CONVERT_TO_INT8}"),
    (conv(x=FLOAT, y=FLOAT_Y), Unsupported, "its bias, b int32[8], is not float32"),
    (floats(w=constant("w", W, None)), Unsupported, "its weights, w int8[8, 3, 3, 4], have no scales"),
    (floats(w=constant("w", W.astype(np.int16))), Unsupported, "w int16[8, 3, 3, 4], are not int8"),
    (floats(w=tensor("w", 8, 3, 3, 4, q=quant(0.5, 0))), Unsupported,
     "filters floats with int8 weights, w int8[8, 3, 3, 4], and these or the bias are computed; dequantize"),
    (floats(w=tensor("w", 8, 3, 3, 4, q=None)), Unsupported, "its weights, w int8[8, 3, 3, 4], have no scales"),
    (floats(w=constant("w", W, quant(0.5, 1))), Unsupported, "have a zero point other than 0"),
    (floats(fused_activation_function=4), Unsupported, "fused activation code 4 is not one"),
    (conv(x=WIDE), Unsupported, "its output, y int8[1, 6, 5, 8], is not int16 as its input is"),
    (conv(x=WIDE, y=WIDE_Y, b=constant("b", np.ones(8, np.int16), None)), Unsupported, "b int16[8], is not int64"),
    (conv(x=replace(WIDE, quant=quant(0.5, 3)), y=WIDE_Y), Unsupported,
     "x int16[1, 6, 5, 4] has the zero point 3; TensorFlow Lite takes int16 to have 0; convert the model again"),
    (conv(x=WIDE, y=WIDE_Y, w=constant("w", W.astype(np.int16))), Unsupported, "w int16[8, 3, 3, 4], are not int8"),
    (conv(x=WIDE, y=replace(WIDE_Y, quant=quant(1e-6, 0)), b=None), Unsupported,
     "its scales lie too far apart (a multiplier of 125000 is 2**14 or more)"),
    (depthwise(x=WIDE, y=tensor("y", 1, 6, 5, 4, dtype=DType.INT16, q=quant(0.5, 0))), Unsupported,
     "its bias, b int32[4], is not int64"),
    (conv(w=constant("w", W.astype(np.float32), None)), Unsupported, f"are not int8; {CONVERT_TO_INT8}"),
    (conv(w=tensor("w", 8, 3, 3, 4)), Unsupported, "have a zero point other than 0"),
    (conv(b=tensor("b", 8, dtype=DType.INT64)), Unsupported, "its bias, b int64[8], is not int32"),
    (conv(b=tensor("b", 7, dtype=DType.INT32)), BadInput, "its bias has 7 values for 8 channels"),
    (conv(b=tensor("b", 8, dtype=DType.INT32), w=constant("w", W[..., :3])), BadInput, "does not lead from 4 to 8"),
    (conv(b=tensor("b", 8, dtype=DType.INT32), w=replace(constant("w", W), data=W[:4])), BadInput, "another shape or"),
    (conv(x=tensor("x", 6, 5, 4)), BadInput, "x int8[6, 5, 4] must have four dimensions, none of them"),
    (conv(w=constant("w", np.ones((8, 3, 3, 0), np.int8))), BadInput, "must have four dimensions, none of them empty"),
    (conv(w=replace(constant("w", W), data=W[:4])), BadInput, "has another shape or type"),
    (conv(w=constant("w", W[..., :3])), BadInput, "a filter (8, 3, 3, 3) does not lead from 4 to 8 channels"),
    (conv(w=constant("w", W[:7]), b=None), BadInput, "a filter (7, 3, 3, 4) does not lead from 4 to 8 channels"),
    (conv(w=constant("w", W[..., :1][:6]), b=None, y=tensor("y", 1, 6, 5, 6)), BadInput, "does not lead from 4 to 6"),
    (conv(w=constant("w", W, Quant((0.5,) * 7, (0,) * 7, 0))), BadInput, "have 7 scales along axis 0, not 8 along"),
    (conv(w=constant("w", W, Quant((0.5,) * 8, (0,) * 8, 3))), BadInput, "have 8 scales along axis 3, not 8 along"),
    (conv(w=constant("w", W, quant(0.5, 1))), Unsupported, "have a zero point other than 0"),
    (conv(w=constant("w", W, quant(float("nan"), 0))), BadInput, "has a scale of nan"),
    (conv(w=constant("w", W, Quant((0.5, -0.5) * 4, (0,) * 8, 0))), BadInput, "has a scale of -0.5"),
    (conv(b=constant("b", np.ones(7, np.int32), None)), BadInput, "its bias has 7 values for 8 channels"),
    (conv(b=constant("b", np.ones(8, np.int64), None)), Unsupported, "its bias, b int64[8], is not int32"),
    (conv(y=tensor("y", 1, 6, 5, 8, q=quant(float("inf"), 0))), BadInput, "has a scale of inf"),
    (conv(y=tensor("y", 1, 6, 5, 8, q=quant(1.0, 200))), BadInput, "the zero point 200"),
    (conv(stride_h=0), BadInput, "stride (0, 1) and dilation (1, 1) must be positive and below 16777216"),
    (conv(stride_w=-1), BadInput, "stride (1, -1) and dilation (1, 1) must be positive"),
    (conv(dilation_w_factor=0), BadInput, "stride (1, 1) and dilation (1, 0) must be positive"),
    (conv(dilation_h_factor=1 << 24), BadInput, "must be positive and below 16777216"),
    (conv(dilation_h_factor=(1 << 24) - 1), BadInput, "a window over 33554431 rows, padded by 16777215 and 16777215"),
    (conv(padding=VALID), BadInput, "lead to 4 rows, but the output is (1, 6, 5, 8)"),
    (conv(padding=VALID, y=tensor("y", 1, 4, 5, 8)), BadInput, "lead to 3 columns, but the output is (1, 4, 5, 8)"),
    (conv(y=tensor("y", 2, 6, 5, 8)), BadInput, "lead to 6 rows, but the output is (2, 6, 5, 8)"),
    (conv(fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU"),
    (depthwise(w=constant("w", np.ones((2, 3, 3, 4), np.int8))), BadInput, "a depthwise filter (2, 3, 3, 4) does not"),
    (depthwise(w=constant("w", D[..., :3]), b=None), BadInput, "does not lead from 4 to 4 channels"),
    (depthwise(w=constant("w", D, Quant((0.5,) * 4, (0,) * 4, 0))), BadInput, "not 4 along axis 3"),
    (replace(conv(), inputs=conv().inputs[:1]), BadInput, "has 1 inputs and 1 outputs, not 2 to 3 and 1"),
    (replace(conv(), inputs=(conv().inputs[0], None)), BadInput, "has 2 inputs and 1 outputs, not 2 to 3 and 1"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "error", "words"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_convolution_refuses(bad: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        bad.op.check(bad)
    assert words in str(caught.value)
    assert str(bad) in str(caught.value)


def test_an_unknown_padding_is_refused_at_once() -> None:
    with pytest.raises(BadInput, match=r"CONV_2D: padding code 7 is not SAME or VALID"):
        conv(padding=7)


def test_every_generated_case_is_accepted() -> None:
    for case in cases():
        (one,) = case.graph(builtins()).nodes
        one.op.check(one)
