"""3x3 convolution with shared columns: exact on the core at any size, stride and padding, and with every rescaling."""

from __future__ import annotations

import numpy as np
import pytest

import convolutions
from convolutions import conv
from motes.ir import Array, Node
from motes.ops.conv import three
from motes.ops.conv.op import _3X3
from motes.target import board


def run(nodes: list[Node], monkeypatch: pytest.MonkeyPatch, *more: tuple[Array, ...], saturated: bool = False) -> None:
    convolutions.run(board("virt-m4"), _3X3, nodes, monkeypatch, *more, saturated=saturated, share=16)


@pytest.mark.parametrize("across", [1, 2])
def test_every_size_stride_and_padding(across: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(across)
    nodes: list[Node] = []
    while len(nodes) < 40:
        inputs, outputs = int(rng.choice([4, 8, 12, 20, 32])), int(rng.choice([2, 4, 6, 10]))
        stride = int(rng.choice([1, 2, 3])), across
        pads = tuple(map(int, (*rng.integers(0, 4, 2), *rng.integers(0, 2, 2))))
        assert len(pads) == 4
        zeros = (int(rng.integers(-128, 128)), int(rng.choice([-128, -128, 3, 100, -20])))
        weights = rng.integers(-127, 128, (outputs, 3, 3, inputs))
        one = conv(
            weights, int(rng.integers(5, 10)), int(rng.integers(4, 14)) * across, batch=1 + len(nodes) % 2,
            stride=stride, pads=pads, zeros=zeros, bias=rng.integers(-9999, 9999, outputs) if len(nodes) % 3 else None,
            relu=zeros[1] == -128, name=f"{len(nodes)}",
        )  # fmt: skip
        if three.fits(one):
            nodes.append(one)
    falls = [packed.falls for one in nodes if (packed := three.pack(one))]
    assert 5 <= sum(falls) <= len(falls) - 5
    assert {one.output.shape[2] % 4 for one in nodes} == {0, 1, 2, 3}
    run(nodes, monkeypatch)


@pytest.mark.parametrize("across", [1, 2])
@pytest.mark.parametrize("sign", [1, -1])
def test_sums_as_large_as_can_be_and_no_larger(across: int, sign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widest sum is just below 2^23; one more is refused."""
    most, zero = (1 << 23) - 1, -7
    rng = np.random.default_rng(4)
    weights = rng.choice([-127, 127, 126], (4, 3, 3, 32))
    reach = (weights * np.where((weights > 0) == (sign > 0), 127 - zero, -128 - zero)).sum(axis=(1, 2, 3))
    good, bad = (
        conv(weights, 3, 4 * across + 1, stride=(1, across), pads=(0, 0, 1, 0), zeros=(zero, 5), relu=False,
             bias=sign * (most + more) - reach)
        for more in (0, 1)
    )  # fmt: skip
    assert three.fits(good)
    assert not three.fits(bad)
    widest = np.full(good.input(0).shape, zero, np.int8)
    w = good.input(1).data
    assert w is not None
    widest[0, :3, 1 if across == 2 else 0 :][:, :3] = np.where((w[0] >= 0) == (sign > 0), 127, -128)
    # From the widest sum to the narrowest: all outputs on the way.
    mixed = (np.where(rng.random(widest.shape) < share, widest, -1 - widest) for share in np.linspace(0, 1, 30))
    run([good], monkeypatch, (widest,), (-1 - widest,), *((x.astype(np.int8),) for x in mixed), saturated=True)


def test_what_it_is_not_for() -> None:
    def ones(outputs: int, inputs: int) -> Array:
        return np.ones((outputs, 3, 3, inputs))

    assert three.fits(conv(ones(4, 8), 8, 8))
    assert three.fits(conv(ones(4, 8), 8, 9, stride=(2, 2)))
    assert not three.fits(conv(ones(4, 6), 8, 8))  # channels that are not in fours
    assert not three.fits(conv(ones(3, 8), 8, 8))  # a single last channel
    assert not three.fits(conv(ones(4, 8), 8, 3))  # fewer than four columns
    assert not three.fits(conv(ones(4, 8), 8, 8, pads=(1, 1, 2, 0)))  # two columns of padding
    assert not three.fits(conv(ones(4, 8), 8, 8, pads=(1, 1, 0, 2)))
    assert not three.fits(conv(ones(4, 8), 9, 19, stride=(1, 3)))
    fine = conv(ones(4, 8), 8, 8, zeros=(-128, 5), scale=0.2, relu=False)
    assert not three.fits(fine)  # outputs follow sums so finely that no step function of 12 bits meets them
