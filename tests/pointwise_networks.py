"""Networks of a convolution of one pixel, and the 3x3 depthwise one that reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from motes.ir import Graph, Node, Quant, Tensor, quant
from motes.ops.conv.op import Conv2D, DepthwiseConv2D
from nodes import constant, tensor


@dataclass(frozen=True)
class Pair:
    """Extents and quantization of both layers."""

    h: int = 8
    w: int = 8
    depth: int = 8
    count: int = 8
    stride: int = 1
    pads: tuple[int, int, int, int] = (1, 1, 1, 1)  # of the depthwise one
    zeros: tuple[int, int, int] = (-128, -128, -128)  # of input, what lies between, output
    spread: float = 1.0  # of the outputs of both: small ones meet their limits
    relu: bool = True
    batch: int = 1
    seed: int = 0

    def graph(self, name: str = "pair") -> Graph:
        """Both layers, called `<name>_point` and `<name>_deep`."""
        rng = np.random.default_rng(self.seed)
        x = tensor(f"{name}_x", self.batch, self.h, self.w, self.depth, q=quant(0.05, self.zeros[0]))
        point = self._point(rng, name, x)
        deep = self._deep(rng, name, point.output)
        return Graph(name, (x,), deep.outputs, (point, deep))

    def _point(self, rng: np.random.Generator, name: str, x: Tensor) -> Node:
        weights = rng.integers(-127, 128, (self.count, 1, 1, self.depth)).astype(np.int8)
        scales = Quant(tuple(rng.uniform(0.004, 0.012, self.count)), (0,) * self.count, 0)
        bias = constant(f"{name}_b", rng.integers(-3000, 3000, self.count).astype(np.int32), None)
        made = quant(0.03 * self.spread * self.depth**0.5, self.zeros[1])
        y = tensor(f"{name}_between", self.batch, self.h, self.w, self.count, q=made)
        op = Conv2D(activation="RELU" if self.relu else "NONE")
        return _checked(Node(f"{name}_point", op, (x, constant(f"{name}_w", weights, scales), bias), (y,), (0,)))

    def _deep(self, rng: np.random.Generator, name: str, x: Tensor) -> Node:
        weights = rng.integers(-127, 128, (1, 3, 3, self.count)).astype(np.int8)
        scales = Quant(tuple(rng.uniform(0.004, 0.012, self.count)), (0,) * self.count, 3)
        bias = constant(f"{name}_c", rng.integers(-3000, 3000, self.count).astype(np.int32), None)
        top, bottom, left, right = self.pads
        made = ((self.h + top + bottom - 3) // self.stride + 1, (self.w + left + right - 3) // self.stride + 1)
        y = tensor(f"{name}_y", self.batch, *made, self.count, q=quant(x.scale * self.spread, self.zeros[2]))
        op = DepthwiseConv2D((self.stride,) * 2, pads=self.pads, activation="RELU" if self.relu else "NONE")
        return _checked(Node(f"{name}_deep", op, (x, constant(f"{name}_v", weights, scales), bias), (y,), (1,)))


def _checked(node: Node) -> Node:
    node.op.check(node)
    return node


def beside(graphs: list[Graph]) -> Graph:
    """Graphs as one that does all their work."""
    return Graph(
        "pairs",
        tuple(t for g in graphs for t in g.inputs),
        tuple(t for g in graphs for t in g.outputs),
        tuple(n for g in graphs for n in g.nodes),
    )


def chain(*pairs: Pair) -> Graph:
    """Each reads what the one before makes, whose extents it has."""
    graphs = [pair.graph(f"pair{i}") for i, pair in enumerate(pairs)]
    nodes = list(graphs[0].nodes)
    for graph in graphs[1:]:
        point, deep = graph.nodes
        assert point.input(0).shape == nodes[-1].output.shape, graph.name
        x = nodes[-1].output
        y = replace(point.output)
        nodes += [
            _checked(replace(point, inputs=(x, *point.inputs[1:]), outputs=(y,))),
            _checked(replace(deep, inputs=(y, *deep.inputs[1:]))),
        ]
    return Graph("chain", graphs[0].inputs, nodes[-1].outputs, tuple(nodes))
