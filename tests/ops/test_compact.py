"""Step functions of depthwise layers in six bytes: what the words mean, written out here, equals TFLM for every sum."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import Array, Graph, Node, quant
from motes.ops.conv import planes
from motes.ops.conv.channels import Channel
from motes.ops.conv.compact import compact
from motes.ops.conv.step import Rescale
from motes.program import Call
from motes.proving import compile_graph
from motes.target import board
from nodes import constant, node, tensor

SHIFT = 16


def channel(rng: random.Random, bias: int | None = None) -> Channel:
    """Sums of nine values times weights, of which the file's rescaling makes a good part of all outputs."""
    weights = np.array([rng.randint(-70, 70) for _ in range(9)], np.int64)
    bias = rng.randint(-1 << 15, 1 << 15) if bias is None else bias
    reach = 128 * int(np.abs(weights).sum())
    multiplier = rng.randint(1 << 30, (1 << 31) - 1)
    return Channel(weights, bias, Rescale(multiplier, rng.randint(5, 9), -128, bias - reach, bias + reach))


def outputs(words: Array, coarse: int, one: Channel, factor: int) -> Array:
    """What a channel's three halfwords make of every sum."""
    a, b, c = (int(w) for w in words)
    multiplier = ((a | b << 16) >> 5) << coarse
    rest = (a & 31) << 16 | c
    rest -= (rest & 1 << 20) << 1
    bias, change = rest >> 3, (rest & 7) - 4
    half = (1 << 7 + factor.bit_length() - 1) >> 32 - multiplier.bit_length()
    offset = -128 * 65536 + 32768 + change + half + (bias * factor * 256 * multiplier >> 32)
    sums = np.arange(one.rescale.low, one.rescale.high + 1, dtype=np.int64) - one.bias
    scaled = (sums * 256 * factor * multiplier >> 32) + offset
    assert abs(scaled).max() < 1 << 31
    return np.clip(scaled >> SHIFT, -128, 127)


@pytest.mark.parametrize("factor", [32, 64, 96])
def test_six_bytes_equal_tflm_for_every_sum(factor: int) -> None:
    rng, found = random.Random(7), 0
    for _ in range(60):
        one = channel(rng)
        small = compact([one], factor, SHIFT)
        if small is None:
            continue
        found += 1
        (words,) = small.words
        every = np.arange(one.rescale.low, one.rescale.high + 1, dtype=np.int64)
        np.testing.assert_array_equal(outputs(words, small.coarse, one, factor), one.rescale(every), str(one))
    assert found >= 30


def test_channels_of_a_layer_share_the_bits_that_are_left_out() -> None:
    rng = random.Random(8)
    large, tiny = (replace(c, rescale=replace(c.rescale, right=r)) for c, r in ((channel(rng), 5), (channel(rng), 9)))
    both, alone = compact([large, tiny], 64, SHIFT), compact([tiny], 64, SHIFT)
    assert both is not None and alone is not None
    assert (both.coarse, alone.coarse) == (2, 0)


def test_a_bias_of_more_than_18_bits_has_no_six_bytes() -> None:
    for bias, some in (((1 << 17) - 1, True), (1 << 17, False)):
        rng = random.Random(9)
        found = [compact([channel(rng, bias)], 32, SHIFT) for _ in range(20)]
        assert any(small is not None for small in found) == some, bias


def test_a_constant_has_six_bytes_where_it_is_the_zero_point() -> None:
    weights = np.zeros(9, np.int64)
    same = Channel(weights, 0, Rescale(1 << 30, 7, -128, 0, 0))
    (words,) = compact([same], 64, SHIFT).words  # type: ignore[union-attr]
    assert set(outputs(words, 0, same, 64)) == {-128}
    other = Channel(weights, 1 << 14, Rescale(1 << 30, 7, -128, 1 << 14, 1 << 14))
    assert other.rescale.constant == -64
    assert compact([other], 64, SHIFT) is None


# ------------------------------------------------------------------------------------------------ layers


def layer(scale: float, zero_point: int = -128, first_bias: int = 0) -> Node:
    """3x3 over 7x6 pixels of eight channels; the larger the scale, the smaller are outputs."""
    rng = np.random.default_rng(4)
    filters = constant("w", rng.integers(-127, 128, (1, 3, 3, 8)).astype(np.int8), quant(0.01, 0))
    biases = rng.integers(-3000, 3000, 8).astype(np.int32)
    biases[0] = first_bias
    x = tensor("x", 1, 7, 6, 8, q=quant(0.05, -128))
    y = tensor("y", 1, 7, 6, 8, q=quant(scale, zero_point))
    return node("DEPTHWISE_CONV_2D", [x, filters, constant("b", biases, None)], y, stride_h=1, stride_w=1)


@pytest.mark.parametrize(
    ("one", "factor", "exact", "compacted", "kernel"),
    [
        (layer(0.2), 64, 0, True, "depthwise_conv_3x3_s8_dsp"),
        (layer(0.0033), 95, 0, False, "depthwise_conv_3x3_s8_dsp"),
        (layer(0.2, first_bias=1 << 18), 64, 0, False, "depthwise_conv_3x3_s8_dsp"),
        (layer(0.2, 5), 64, 2, False, "depthwise_fixed_s8_dsp"),
    ],
    ids=["six bytes", "a multiplier that a finer factor makes small enough", "eight bytes", "rounded as TFLM does"],
)
def test_each_form_of_a_channel_equals_portable_code(
    one: Node, factor: int, exact: int, compacted: bool, kernel: str
) -> None:
    taps = planes.pack(one)
    assert taps is not None
    assert (taps.factor, taps.exact, taps.coarse != planes.NOT) == (factor, exact, compacted)
    graph = Graph("g", (one.input(0),), one.outputs, (one,))
    (call,) = choose(graph, board("virt-m4").core.features).calls
    assert isinstance(call, Call)
    assert call.kernel.function == kernel
    x = np.random.default_rng(5).integers(-128, 128, one.input(0).shape).astype(np.int8)
    (want,) = host.load([graph])[0](x)
    ((got,),) = compile_graph(graph, board("virt-m4"), "g").replay([[(x,)]])[0]
    np.testing.assert_array_equal(got, want)
