"""What operators say of their channels: between which values they lie, and that channels by themselves stay so."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from case_models import FAMILIES, cases_of
from motes.build import host
from motes.intervals import Interval
from motes.ir import Array, DType, Graph, Node, Tensor
from motes.ops import builtins
from motes.ops.linear import Linear
from motes.passes.channels.settle import TYPES, interval_of
from motes.passes.channels.ties import ties_of

EACH = 12
"""Cases of each operator."""
RUNS = 6
INSIDE = np.ones((1, 1), bool)
"""A window of one tap that sees no padding."""


def served(wanted: Callable[[Node], bool]) -> list[Node]:
    """A few cases of each operator."""
    count: Counter[str] = Counter()
    found = []
    for family in FAMILIES:
        for case in cases_of(family):
            if count[case.builtin] < EACH and not case.states and not case.remembers and not case.bodies:
                (one,) = case.graph(builtins()).nodes
                folded = [t for i, t in enumerate(one.inputs) if t is not None and i in one.op.folded]
                if all(t.data is not None for t in folded) and wanted(one):
                    count[case.builtin] += 1
                    found.append(one)
    return found


def graph_of(one: Node) -> Graph:
    inputs = tuple(dict.fromkeys(t for t in one.inputs if t and t.data is None))
    return Graph(one.name, inputs, one.outputs, (one,))


def draw(rng: np.random.Generator, tensor: Tensor) -> Array:
    """(RUNS, *shape): in each channel any values, those of a narrow band, or always the same one."""
    if tensor.dtype.numpy.kind not in "iu":
        return rng.uniform(-2, 2, (RUNS, *tensor.shape)).astype(tensor.dtype.numpy)
    info, channels = np.iinfo(tensor.dtype.numpy), tensor.shape[-1:]
    least, most = max(int(info.min), -(1 << 20)), min(int(info.max), 1 << 20)
    low = rng.integers(least, most, channels, endpoint=True)
    high = np.minimum(low + rng.choice((0, 0, 3, 40, most), channels), most)
    return rng.integers(low, high, (RUNS, *tensor.shape), endpoint=True).astype(tensor.dtype.numpy)


def test_no_output_lies_outside_of_its_interval() -> None:
    def bounded(one: Node) -> bool:
        return len(one.outputs) == 1 and one.output.dtype in TYPES and told(one, {}) is not None

    nodes = served(bounded)
    assert {n.op.title for n in nodes} >= {
        "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "SUB", "MUL",
        "MAXIMUM", "RELU", "LEAKY_RELU", "LOGISTIC", "ABS", "QUANTIZE", "MEAN", "SUM", "REDUCE_MAX",
    }  # fmt: skip
    rng = np.random.default_rng(1)
    wrong, narrower = [], 0
    for one, made in zip(nodes, host.load([graph_of(n) for n in nodes], optimise="-O0"), strict=True):
        values = [draw(rng, t) for t in made.graph.inputs]
        interval = told(one, {t: Interval.of(v) for t, v in zip(made.graph.inputs, values, strict=True)})
        got = Interval.of(made.run_many(*values)[0])
        assert interval is not None
        if (got.low < interval.low).any() or (got.high > interval.high).any():
            wrong.append(str(one))
        info = np.iinfo(one.output.dtype.numpy)
        narrower += bool((interval.high - interval.low < int(info.max) - int(info.min)).any())
    assert not wrong
    assert narrower > len(nodes) / 2


def told(one: Node, intervals: dict[Tensor, Interval]) -> Interval | None:
    """What the operator says."""
    if one.op.flow(one) == "moved":
        return None
    return one.op.interval(one, [interval_of(t, intervals) for t in one.inputs])


def test_channels_by_themselves_stay_so_when_there_are_fewer() -> None:
    def by_channel(one: Node) -> bool:
        return one.op.flow(one) == "by channel" and bool(ties_of(one)) and one.output.shape[-1] > 1

    nodes = served(by_channel)
    assert {n.op.title for n in nodes} >= {
        "AVERAGE_POOL_2D", "L2_POOL_2D", "ADD", "ADD_N", "SELECT_V2", "PRELU", "RELU", "CAST", "QUANTIZE", "DEQUANTIZE",
        "MEAN", "REDUCE_MAX", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "LESS", "LOGICAL_AND",
    }  # fmt: skip
    rng = np.random.default_rng(1)
    masks = [rng.permutation(n.output.shape[-1]) < max(1, n.output.shape[-1] // 2) for n in nodes]
    fewer = [narrowed(n, mask) for n, mask in zip(nodes, masks, strict=True)]
    made = host.load([graph_of(n) for n in (*nodes, *fewer)], optimise="-O0")
    wrong = []
    for one, mask, whole, part in zip(nodes, masks, made, made[len(nodes) :], strict=False):
        one.op.check(one)
        values = [draw(rng, t) for t in whole.graph.inputs]
        taken = [v[..., mask] if v.shape[-1] == mask.size else v for v in values]
        (expected,), (got,) = whole.run_many(*values), part.run_many(*map(np.ascontiguousarray, taken))
        if not np.array_equal(expected[..., mask], got, equal_nan=got.dtype.kind == "f"):
            wrong.append(str(one))
    assert not wrong


def narrowed(one: Node, mask: Array) -> Node:
    """The node with some of its channels."""
    tied = {t: t for t in (*one.pointers, *one.outputs) if t.shape[-1:] == (mask.size,)}
    for t in tied:
        data = None if t.data is None else np.ascontiguousarray(t.data[..., mask])
        tied[t] = dataclasses.replace(t, shape=(*t.shape[:-1], int(mask.sum())), data=data)
    inputs = tuple(t and tied.get(t, t) for t in one.inputs)
    return dataclasses.replace(one, inputs=inputs, outputs=tuple(tied[t] for t in one.outputs))


# ------------------------------------------------------------------------------------------------ linear


@pytest.mark.parametrize(
    ("weights", "bias", "expected"),
    [
        ((3, -2), 0, (-35, 45)),  # 3 * -131 - 2 * 124 to 3 * 124 + 2 * 131, over 16
        ((0, 0), 100, (11, 11)),  # the bias alone: 100 / 16 + 5, rounded
        ((1, 0), 0, (-3, 13)),  # -128 and 127, less 3, over 16
        ((1, 0), -10_000, (-128, -128)),  # below the type
        ((1, 1), (1 << 31) - 100, (-128, 127)),  # wraps
    ],
)
def test_intervals_of_sums(weights: tuple[int, int], bias: int, expected: tuple[int, int]) -> None:
    linear = Linear(
        np.array(weights, np.int64).reshape(1, 1, 1, 2),
        np.array([[bias]]),
        x_zero=3,
        windows=INSIDE,
        multipliers=np.array([1 << 30]),
        shifts=np.array([-3]),
        y_zero=5,
        limits=(-128, 127),
    )
    found = linear.bounds(Interval(np.array([-128, -128]), np.array([127, 127])))
    assert (found.low.tolist(), found.high.tolist()) == ([expected[0]], [expected[1]])


@pytest.mark.parametrize(
    ("bias", "shift", "sums"),
    [
        (1 << 20, 31, DType.INT32),  # a left shift by 31 wraps
        (-(1 << 31), 1, DType.INT32),
        ((1 << 63) - 1, -40, DType.INT64),
        (-(1 << 63), -40, DType.INT64),
        (1 << 45, 10, DType.INT64),
    ],
)
def test_what_the_arithmetic_could_wrap_may_be_anything(bias: int, shift: int, sums: DType) -> None:
    linear = Linear(
        np.array([1], np.int8).reshape(1, 1, 1, 1),
        np.array([[bias]]),
        0,
        INSIDE,
        np.array([(1 << 31) - 1]),
        np.array([shift]),
        0,
        (-100, 100),
        sums,
    )
    found = linear.bounds(Interval(np.array([0]), np.array([1])))
    assert (found.low.tolist(), found.high.tolist()) == ([-100], [100])


def test_padding_adds_nothing() -> None:
    """Two taps, of which the first or the second may lie outside."""
    windows = np.array([[True, True], [False, True], [True, False]])
    linear = Linear(
        np.array([3, -1]).reshape(1, 1, 2, 1),
        np.array([[0]]),
        0,
        windows,
        np.array([1 << 30]),
        np.array([1]),
        0,
        (-128, 127),
    )
    always_20 = Interval(np.array([20]), np.array([20]))
    found = linear.bounds(always_20)
    assert (found.low.tolist(), found.high.tolist()) == ([-20], [60])  # 3 - 1, -1 alone, 3 alone
    wanted = np.array([True])
    assert linear.needed(always_20, found, wanted).tolist() == [True]
    inside = dataclasses.replace(linear, windows=windows[:1])
    assert inside.needed(always_20, found, wanted).tolist() == [False]
    always_0 = Interval(np.array([0]), np.array([0]))
    assert linear.needed(always_0, found, wanted).tolist() == [False]
    middle = dataclasses.replace(linear, weights=np.array([0, 2]).reshape(1, 1, 2, 1), windows=windows[:2])
    assert middle.needed(always_20, found, wanted).tolist() == [False]  # the tap that counts is always inside


def test_a_bias_that_would_not_fit_leaves_the_channel() -> None:
    linear = Linear(
        np.full((1, 2, 1, 2), 100),
        np.array([[(1 << 31) - 10_000, 0]]),
        0,
        INSIDE,
        np.array([1 << 30]),
        np.array([-20]),
        0,
        (-128, 127),
    )
    x = Interval(np.array([101, -128]), np.array([101, -101]))  # the sums fit, the first one's part does not
    y = Interval(np.array([0, 0]), np.array([9, 9]))
    assert linear.needed(x, y, np.array([True, True])).tolist() == [True, True]
    assert linear.needed(x, y, np.array([False, True])).tolist() == [False, True]
