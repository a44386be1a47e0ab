"""Convolution by strips: exact on the core at any size, stride and padding, and over its own input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convolutions import conv, run
from motes.choose import choose
from motes.ir import Graph, Node, quant
from motes.ops.conv import strips
from motes.ops.conv.filtered import portable
from motes.ops.conv.op import _STRIPS, Conv2D
from motes.plan import plan
from motes.proving import compile_graph, self_check
from motes.target import board
from nodes import constant, node, tensor

DSP = frozenset({"dsp", "fpu"})


def layer(seed: int, inputs: int, outputs: int, size: tuple[int, int], stride: tuple[int, int],
          pads: tuple[int, int, int, int]) -> Node:  # fmt: skip
    rng = np.random.default_rng(seed)
    return conv(
        rng.integers(-127, 128, (outputs, 3, 3, inputs)), *size, stride=stride, pads=pads,
        zeros=(int(rng.integers(-128, 128)), -128), bias=rng.integers(-900, 900, outputs), name=f"{seed}",
    )  # fmt: skip


def layers(count: int) -> list[Node]:
    """Layers that it serves, of any stride, padding and size."""
    rng = np.random.default_rng(5)
    found: list[Node] = []
    while len(found) < count:
        inputs, across = (int(n) for n in rng.choice([(3, 2), (3, 2), (2, 1), (2, 3), (1, 2), (1, 4)]))
        size = int(rng.integers(5, 14)), int(rng.integers(4, 14)) * across + int(rng.integers(0, 2))
        pads = tuple(map(int, rng.integers(0, 3, 4) * rng.integers(0, 2, 4)))
        assert len(pads) == 4
        one = layer(len(found), inputs, int(rng.choice([2, 4, 8, 66])), size, (int(rng.integers(1, 5)), across), pads)
        if strips.fits(one):
            found.append(one)
    return found


def test_every_size_stride_and_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = layers(40)
    views = [strips.look(one) for one in nodes]
    assert 5 <= sum(view.sixes for view in views) <= 35
    assert {view.stride_h for view in views} == {1, 2, 3, 4}
    assert {view.out_w % 4 for view in views} == {0, 1, 2, 3}
    ends = [tuple(np.full(one.input(0).shape, value, np.int8) for one in nodes) for value in (-128, 127)]
    small = replace(_STRIPS, pays=lambda node: True)
    run(board("virt-m4"), small, nodes, monkeypatch, *ends, share=16)


@pytest.mark.parametrize(("outputs", "before"), [(8, 0), (30, 15 * 16 * 30 - 31 * 96)])
def test_rows_that_are_in_strips_may_be_overwritten(outputs: int, before: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # 32 rows of 96 bytes; of the 16 of outputs, the one before the last is made when 31 have been read.
    monkeypatch.setattr(Conv2D, "kernels", (*portable("conv"), _STRIPS))
    one = layer(1, 3, outputs, (32, 32), (2, 2), (0, 1, 0, 1))
    x, y = one.input(0), one.output
    assert strips.ahead(one) == ((y, x, before),)
    graph = Graph("g", (x,), (y,), (one,))
    found = plan(choose(graph, DSP))
    assert found.arena == found.bound == max(x.nbytes + before, y.nbytes) + strips.scratch(one)
    self_check(compile_graph(graph, board("virt-m4"), "one"), "zig")


def test_strips_are_no_longer_than_their_numbers_hold() -> None:
    def row(width: int) -> Node:
        weights = constant("w", np.ones((2, 1, 3, 1), np.int8))
        x, y = tensor("x", 1, 1, width, 1, q=quant(0.5, 3)), tensor("y", 1, 1, width // 4, 2, q=quant(30.0, -128))
        return node("CONV_2D", [x, weights, None], y, stride_h=1, stride_w=4, padding=1, fused_activation_function=1)

    assert strips.look(row(32_768)).count == 32_763
    assert strips.fits(row(32_768))
    assert not strips.fits(row(32_776))
