"""3x3 convolution with shared columns: exact on the core at any size, stride and padding, and with every rescaling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, Graph, Node, Quant, quant
from motes.ops.conv import three
from motes.ops.conv.filtered import portable
from motes.ops.conv.op import _3X3, Conv2D
from motes.proving import compile_graph
from motes.target import board
from nodes import constant, node, tensor


def conv(weights: Array, h: int, w: int, *, batch: int = 1, stride: tuple[int, int] = (1, 1),
         pads: tuple[int, int, int, int] = (1, 1, 1, 1), zeros: tuple[int, int] = (-7, -128), scale: float = 40.0,
         bias: Array | None = None, relu: bool = True, name: str = "") -> Node:  # fmt: skip
    """3x3 with pads (top, bottom, left, right)."""
    outputs, _, _, inputs = weights.shape
    made = (h + sum(pads[:2]) - 3) // stride[0] + 1, (w + sum(pads[2:]) - 3) // stride[1] + 1
    scales = Quant(tuple(0.25 + 0.003 * i for i in range(outputs)), (0,) * outputs, 0)
    b = None if bias is None else constant(f"b{name}", bias.astype(np.int32), None)
    x = tensor(f"x{name}", batch, h, w, inputs, q=quant(0.5, zeros[0]))
    y = tensor(f"y{name}", batch, *made, outputs, q=quant(scale * inputs**0.5, zeros[1]))
    options = {"stride_h": stride[0], "stride_w": stride[1], "padding": 1, "fused_activation_function": int(relu)}
    one = node("CONV_2D", [x, constant(f"w{name}", weights.astype(np.int8), scales), b], y, **options)
    assert isinstance(one.op, Conv2D)
    one = replace(one, name=f"n{name}", op=replace(one.op, pads=pads))
    one.op.check(one)
    return one


def run(nodes: list[Node], monkeypatch: pytest.MonkeyPatch, *more: tuple[Array, ...], saturated: bool = False) -> None:
    """All of them by this kernel on the core, and by the portable one: every byte equal, on random inputs and more.

    Outputs of random inputs differ, unless they may be `saturated`.
    """
    monkeypatch.setattr(Conv2D, "kernels", (*portable("conv"), _3X3))
    graph = Graph("g", tuple(n.input(0) for n in nodes), tuple(n.output for n in nodes), tuple(nodes))
    proved = compile_graph(graph, board("virt-m4"), "columns")
    assert {call.kernel.function for _, call, _ in proved.program.walk()} == {"conv_3x3_s8_dsp"}
    (reference,) = host.load([graph], optimise="-O1")
    rng = np.random.default_rng(2)
    random = tuple(rng.integers(-128, 128, n.input(0).shape).astype(np.int8) for n in nodes)
    for given in (random, *more):
        symbols = proved.measure(given).symbols
        for i, want in enumerate(reference(*given)):
            got = np.frombuffer(symbols[f"motes_output_{i}"], np.int8).reshape(want.shape)
            np.testing.assert_array_equal(got, want, str(nodes[i]))
    for one, want in zip(nodes, reference(*random), strict=True):
        assert saturated or len(np.unique(want)) > min(want.size, 40) // 16, one


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
