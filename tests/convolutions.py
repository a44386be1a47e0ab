"""What tests of kernels for int8 convolutions share: layers, and how a kernel is held to the portable one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, Graph, Kernel, Node, Quant, quant
from motes.ops.conv.filtered import portable
from motes.ops.conv.op import Conv2D
from motes.proving import compile_graph
from motes.target import Board
from nodes import constant, node, tensor


def conv(weights: Array, h: int, w: int, *, batch: int = 1, stride: tuple[int, int] = (1, 1),
         pads: tuple[int, int, int, int] = (1, 1, 1, 1), zeros: tuple[int, int] = (-7, -128), scale: float = 40.0,
         bias: Array | None = None, relu: bool = True, name: str = "") -> Node:  # fmt: skip
    """Pads are (top, bottom, left, right)."""
    outputs, high, wide, inputs = weights.shape
    made = (h + sum(pads[:2]) - high) // stride[0] + 1, (w + sum(pads[2:]) - wide) // stride[1] + 1
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


def only(kernel: Kernel) -> tuple[Kernel, ...]:
    """What Conv2D has instead of all its kernels: this one, whether it pays or not, where it fits."""
    return *portable("conv"), replace(kernel, pays=lambda node: True)


def run(
    where: Board,
    kernel: Kernel,
    nodes: list[Node],
    monkeypatch: pytest.MonkeyPatch,
    *more: tuple[Array, ...],
    saturated: bool = False,
    share: int = 8,
) -> None:
    """All of them by this kernel on the core, and by the portable one: every byte equal, on random inputs and more.

    Outputs of random inputs differ, one in `share` of 40 at least, unless they may be `saturated`.
    """
    monkeypatch.setattr(Conv2D, "kernels", only(kernel))
    graph = Graph("g", tuple(n.input(0) for n in nodes), tuple(n.output for n in nodes), tuple(nodes))
    proved = compile_graph(graph, where, "layers")
    assert {call.kernel.function for _, call, _ in proved.program.walk()} == {kernel.function}
    (reference,) = host.load([graph], optimise="-O1")
    rng = np.random.default_rng(2)
    random = tuple(rng.integers(-128, 128, n.input(0).shape).astype(np.int8) for n in nodes)
    for given in (random, *more):
        symbols = proved.measure(given).symbols
        for i, want in enumerate(reference(*given)):
            got = np.frombuffer(symbols[f"motes_output_{i}"], np.int8).reshape(want.shape)
            np.testing.assert_array_equal(got, want, str(nodes[i]))
    for one, want in zip(nodes, reference(*random), strict=True):
        assert saturated or len(np.unique(want)) > min(want.size, 40) // share, one
