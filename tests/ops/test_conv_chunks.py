"""Convolution chunk by chunk: exact on the core for any number of pixels and channels, in place, and at any sum."""

from __future__ import annotations

import numpy as np
import pytest

import convolutions
from motes.choose import choose
from motes.ir import Array, Graph, Node
from motes.ops.conv.chunks import LONG, SHORT, Chunks, pack
from motes.ops.conv.op import Conv2D
from motes.plan import plan
from motes.target import board

BOARD = board("virt-m4")
TINY = Chunks("conv_chunks_s8_dsp", 300)
"""Many chunks of few pixels."""


def point(weights: Array, pixels: int, **options: object) -> Node:
    """Windows of one pixel."""
    shaped = weights.reshape(len(weights), 1, 1, -1)
    return convolutions.conv(shaped, 1, pixels, pads=(0, 0, 0, 0), **options)  # type: ignore[arg-type]


def drawn(rng: np.random.Generator, inputs: int, outputs: int, pixels: int, name: str) -> Node:
    return point(
        rng.integers(-127, 128, (outputs, inputs)), pixels, batch=1 + pixels % 2, name=name, scale=10.0,
        zeros=(int(rng.integers(-128, 128)), -128), bias=rng.integers(-9999, 9999, outputs),
    )  # fmt: skip


@pytest.mark.parametrize("kernel", [TINY, SHORT])
def test_every_number_of_pixels(kernel: Chunks, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    nodes = [drawn(rng, int(rng.choice([4, 8, 12])), 2 + 2 * (n % 3), n, f"{n}") for n in range(4, 44)]
    assert all(map(kernel.fits, nodes))
    convolutions.run(BOARD, kernel.kernel, nodes, monkeypatch, saturated=True)


def test_every_number_of_channels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of weights in registers alone, and with one to three rounds of those in memory, begun at each place."""
    rng = np.random.default_rng(2)
    nodes = [drawn(rng, n, 2 + n // 4 % 4 * 2, 9 + n % 7, f"{n}") for n in range(4, 84, 4)]
    assert all(map(SHORT.fits, nodes))
    convolutions.run(BOARD, SHORT.kernel, nodes, monkeypatch, saturated=True)


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_as_large_as_can_be(sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    most, zero = (1 << 23) - 1, -7
    rng = np.random.default_rng(4)
    weights = rng.choice([-127, 127, 126], (4, 72))
    reach = (weights * np.where((weights > 0) == (sign > 0), 127 - zero, -128 - zero)).sum(axis=1)
    good, bad = (
        point(weights, 30, zeros=(zero, 5), relu=False, scale=1000.0, bias=sign * (most + more) - reach)
        for more in (0, 1)
    )  # fmt: skip
    assert SHORT.fits(good)
    assert not SHORT.fits(bad)
    widest = np.broadcast_to(np.where((weights[0] >= 0) == (sign > 0), 127, -128), good.input(0).shape)
    mixed = (np.where(rng.random(widest.shape) < share, widest, -1 - widest) for share in np.linspace(0, 1, 12))
    convolutions.run(BOARD, SHORT.kernel, [good], monkeypatch, *((x.astype(np.int8),) for x in mixed), saturated=True)


@pytest.mark.parametrize(("scale", "blocks"), [(120.0, 0), (130.0, 1), (150.0, 8)])
def test_offsets_that_do_not_follow(scale: float, blocks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each two channels with one have a word more."""
    rng = np.random.default_rng(0)
    weights, bias = rng.integers(-127, 128, (16, 16)), rng.integers(-9999, 9999, 16)
    node = point(weights, 20, zeros=(-3, -128), scale=scale, bias=bias)
    packed = pack(node)
    assert packed is not None
    assert packed.stream.size == 8 * (2 + 16 // 2 + 2) + blocks
    reach = [(np.where(np.sign(row) * sign < 0, -128, 127) * np.ones((20, 1))).astype(np.int8) for row in weights
             for sign in (-1, 1)]  # fmt: skip
    convolutions.run(
        BOARD, TINY.kernel, [node], monkeypatch, *((x.reshape(node.input(0).shape),) for x in reach), saturated=True
    )


def test_outputs_may_overwrite_their_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every chunk, those behind it being whole."""
    rng = np.random.default_rng(5)
    nodes = [drawn(rng, inputs, inputs - less, pixels, f"{inputs}_{less}_{pixels}")
             for inputs, less, pixels in [(8, 0, 39), (8, 2, 70), (12, 6, 21), (40, 0, 22), (36, 10, 18)]]  # fmt: skip
    monkeypatch.setattr(Conv2D, "kernels", convolutions.only(TINY.kernel))
    graph = Graph("g", tuple(n.input(0) for n in nodes), tuple(n.output for n in nodes), tuple(nodes))
    where = plan(choose(graph, BOARD.core.features))
    assert all(where.offsets[n.output] == where.offsets[n.input(0)] for n in nodes)
    convolutions.run(BOARD, TINY.kernel, nodes, monkeypatch)


def test_what_it_is_for() -> None:
    def ones(outputs: int, inputs: int, pixels: int = 12, **options: object) -> Node:
        return point(np.ones((outputs, inputs)), pixels, **options)

    assert SHORT.fits(ones(4, 8))
    assert not SHORT.fits(ones(4, 6))  # channels that are not in fours
    assert not SHORT.fits(ones(3, 8))  # a single last channel
    assert not SHORT.fits(ones(4, 8, 3))  # fewer than four pixels
    assert not SHORT.fits(ones(4, 8, stride=(1, 2)))
    assert not SHORT.fits(ones(4, 8, zeros=(-128, 5), scale=0.2, relu=False))  # no step function
    assert not LONG.fits(ones(4, 8))  # one chunk in any case
    assert not LONG.fits(ones(4, 8, 1000))  # chunks of many pixels in any case
    many = ones(4, 32, 1000)
    assert SHORT.chunk(many) < LONG.chunk(many)
    assert LONG.fits(many)
    assert LONG.chunk(ones(4, 128, 36)) == 9  # all pixels
    assert LONG.chunk(ones(4, 128, 40)) < 7
    assert SHORT.kernel.pays(many)
    assert not SHORT.kernel.pays(ones(4, 8))  # few outputs
    assert not SHORT.kernel.pays(ones(4, 36, 1000))  # weights that find no register
    assert not LONG.kernel.pays(many)  # only where someone has measured
