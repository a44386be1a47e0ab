"""Winograd convolution: exact on the core at any size, up to the largest sums that it can take, and no further."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import convolutions
from convolutions import conv
from motes.choose import choose
from motes.ir import Array, Graph, Node
from motes.ops.conv.op import Conv2D
from motes.ops.conv.step import Rescale, fit_signed
from motes.ops.conv.winograd import TILES_2X2, TILES_4X4, Tiling
from motes.ops.conv.winograd_lean import LEAN
from motes.target import Board, board

each_tiling = pytest.mark.parametrize("tiling", [TILES_2X2, TILES_4X4, LEAN], ids=["2x2", "4x4", "lean"])


def run(
    where: Board, nodes: list[Node], tiling: Tiling, monkeypatch: pytest.MonkeyPatch, *more: tuple[Array, ...]
) -> None:
    convolutions.run(where, replace(tiling.kernel, pays=lambda _: True), nodes, monkeypatch, *more)


def signs(one: Node) -> Array:
    """An input that makes one sum as large as it can be: that of channel 0 in the middle."""
    w, x = one.input(1).data, one.input(0)
    assert w is not None
    found = np.full(x.shape, -128, np.int8)
    top, left = x.shape[1] // 2 - 1, x.shape[2] // 2 - 1
    found[:, top : top + 3, left : left + 3] = np.where(w[0] >= 0, 127, -128)[: x.shape[1] - top, : x.shape[2] - left]
    return found


@pytest.mark.cores(one_in=6, needs=("dsp",))
@each_tiling
def test_every_size_of_image_and_channels(tiling: Tiling, monkeypatch: pytest.MonkeyPatch, virt: Board) -> None:
    rng = np.random.default_rng(1)
    nodes = []
    sizes = [(1, 1, 4, 4), (2, 9, 8, 4), (4, 4, 16, 8), (5, 6, 20, 4), (7, 3, 32, 8), (8, 8, 16, 16), (9, 13, 4, 4),
             (12, 5, 48, 4), (3, 17, 12, 12), (8, 4, 64, 4)]  # fmt: skip
    for i, (h, w, inputs, outputs) in enumerate(sizes):
        weights = rng.integers(-127, 128, (outputs, 3, 3, inputs))
        zeros = (int(rng.integers(-128, 128)), int(rng.choice([-128, 3, 100, -20])))
        bias = rng.integers(-9999, 9999, outputs) if i % 3 else None
        nodes.append(conv(weights, h, w, batch=1 + i % 2, zeros=zeros, bias=bias, relu=zeros[1] == -128, name=f"{i}"))
    run(virt, [n for n in nodes if tiling.serves(n)], tiling, monkeypatch)
    assert sum(map(tiling.serves, nodes)) >= 8


@pytest.mark.cores(one_in=6, needs=("dsp",))
@each_tiling
def test_pads_of_any_size(tiling: Tiling, monkeypatch: pytest.MonkeyPatch, virt: Board) -> None:
    rng = np.random.default_rng(3)
    nodes = []
    for i, (top, bottom, left, right) in enumerate(
        [(0, 0, 0, 0), (2, 0, 0, 7), (0, 9, 8, 0), (5, 1, 2, 3), (1, 0, 1, 1)]
    ):
        one = conv(rng.integers(-127, 128, (4, 3, 3, 16)), 6, 7, name=f"{i}")
        assert isinstance(one.op, Conv2D)
        y = replace(one.output, shape=(1, 4 + top + bottom, 5 + left + right, 4))
        nodes.append(replace(one, op=replace(one.op, pads=(top, bottom, left, right)), outputs=(y,)))
        nodes[-1].op.check(nodes[-1])
    run(virt, nodes, tiling, monkeypatch)


@pytest.mark.cores(one_in=6, needs=("dsp",))
@each_tiling
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_as_large_as_can_be_and_no_larger(
    tiling: Tiling, sign: int, monkeypatch: pytest.MonkeyPatch, virt: Board
) -> None:
    """The widest sum of each channel is just below 2^31 / factor; one more is refused."""
    most, scale = ((1 << 31) - 1) // (tiling.factor * tiling.scales[0]), 300.0 if tiling is TILES_4X4 else 330.0
    weights = np.random.default_rng(4).choice([-127, 127, 126], (4, 3, 3, 16))
    zero = -7
    reach = (weights * np.where((weights > 0) == (sign > 0), 127 - zero, -128 - zero)).sum(axis=(1, 2, 3))
    zeros = (zero, -128 if sign > 0 else 127)
    good, bad = (
        conv(weights, 5, 5, zeros=zeros, bias=sign * (most + more) - reach, relu=False, scale=scale) for more in (0, 1)
    )
    assert tiling.serves(good)
    assert not tiling.serves(bad)
    run(virt, [good], tiling, monkeypatch, (signs(good),), (-1 - signs(good),))


@pytest.mark.cores(one_in=6, needs=("dsp",))
@each_tiling
def test_values_as_large_as_can_be(tiling: Tiling, monkeypatch: pytest.MonkeyPatch, virt: Board) -> None:
    """Tiles whose transform is as large as 8-bit values make it, at each position and with either sign."""
    around = tiling.side + 2
    rows = transform(tiling)
    patterns = np.einsum("ia,jb->ijab", rows, rows).reshape(-1, around, around)
    tiles = np.concatenate([np.where(patterns > 0, 127, -128), np.where(patterns < 0, 127, -128)]).astype(np.int8)
    weights = np.random.default_rng(5).integers(-128, 128, (4, 3, 3, 4))
    one = conv(weights, around, around, batch=len(tiles), zeros=(-128, -1), relu=False, scale=60.0)
    assert isinstance(one.op, Conv2D)
    one = replace(
        one,
        op=replace(one.op, pads=(0, 0, 0, 0)),
        outputs=(replace(one.output, shape=(len(tiles), tiling.side, tiling.side, 4)),),
    )
    run(virt, [one], tiling, monkeypatch, (np.repeat(tiles[..., np.newaxis], 4, axis=3),))


def transform(tiling: Tiling) -> Array:
    """What values are multiplied by along one axis, from the tiling's points: short of the sign."""
    points = [row[1] for row in tiling.points[:-1]]  # those of a polynomial of degree two; the last is infinity
    finite = [[*np.poly(points[:i] + points[i + 1 :])[::-1], 0.0] for i in range(len(points))]
    return np.array([*finite, np.poly(points)[::-1]])


def test_what_is_left_to_others() -> None:
    def ones(outputs: int, inputs: int) -> Array:
        return np.ones((outputs, 3, 3, inputs))

    assert chosen(conv(ones(16, 16), 8, 8)) == "conv_winograd_4x4_s8_dsp"
    assert chosen(conv(ones(16, 16), 5, 5)) == "conv_3x3_s8_dsp"  # four tiles of 4x4 for 25 outputs
    assert chosen(conv(ones(32, 32), 8, 8)) == "conv_winograd_lean_s8_dsp"  # too much flash
    assert chosen(conv(ones(32, 32), 16, 20)) == "conv_winograd_2x2_s8_dsp"  # and too much memory
    assert chosen(conv(ones(64, 32), 20, 20)) == "conv_3x3_s8_dsp"  # and flash once more
    assert chosen(conv(ones(16, 16), 2, 3)) == "conv_s8_dsp"  # as many for 6
    assert chosen(conv(ones(16, 16), 32, 32)) == "conv_3x3_s8_dsp"  # too much memory


def chosen(one: Node) -> str:
    (call,) = choose(Graph("g", (one.input(0),), one.outputs, (one,)), board("virt-m4").core.features).calls
    return call.kernel.function


@each_tiling
def test_a_signed_step_equals_tflm_for_every_sum(tiling: Tiling) -> None:
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(300):
        reach = 1 << int(rng.integers(1, 16))
        low, high = sorted(int(v) for v in rng.integers(-reach, reach + 1, 2))
        rescale = Rescale(
            int(rng.integers(1 << 30, 1 << 31)), int(rng.integers(9, 14)), int(rng.integers(-128, 128)), low, high
        )
        factor = tiling.factor * int(rng.choice(tiling.scales))
        step = fit_signed(rescale, factor, tiling.shift)
        if step is None:
            continue
        found += 1
        multiplier, offset, less = step
        sums = np.arange(low, high + 1, dtype=np.int64)
        scaled = (sums * factor * multiplier >> 32) + offset - less * (sums < 0)
        assert -(1 << 31) <= multiplier < 1 << 31
        np.testing.assert_array_equal(np.clip(scaled >> tiling.shift, -128, 127), rescale(sums), str(rescale))
    assert found >= 250
