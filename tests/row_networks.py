"""Small random networks of layers that can go row by row: chains, with residual edges and branches that meet again."""

from __future__ import annotations

import numpy as np

from motes.ir import Graph, Node, Op, Tensor, quant
from motes.ops.add.op import Add
from motes.ops.common import same_pads
from motes.ops.concatenation.op import Concatenation
from motes.ops.conv.op import Conv2D, DepthwiseConv2D
from motes.ops.conv.window import Window
from motes.ops.pool.op import AveragePool2D, MaxPool2D
from motes.ops.relu.op import Relu
from nodes import constant, tensor


class Net:
    """A network in the making; `rng` decides."""

    def __init__(self, seed: int, name: str = "net") -> None:
        self.rng = np.random.default_rng(seed)
        self.name = name
        self.nodes: list[Node] = []
        rows, columns = (int(n) for n in self.rng.integers(7, 20, 2))
        self.x = self.tensor("x", rows, columns, 8 * int(self.rng.integers(1, 3)))

    def tensor(self, name: str, *shape: int) -> Tensor:
        return tensor(f"{self.name}_{name}", 1, *shape)

    def put(self, op: Op, inputs: tuple[Tensor, ...], *shape: int) -> Tensor:
        made = self.tensor(f"t{len(self.nodes)}", *shape)
        self.nodes.append(Node(f"{self.name}_n{len(self.nodes)}", op, inputs, (made,), (len(self.nodes),)))
        return made

    def conv(self, x: Tensor, outputs: int, side: int = 0, stride: int = 0, *, same: bool | None = None) -> Tensor:
        """Any convolution that leaves at least one row: sides, stride, dilation and padding as they come."""
        rng = self.rng
        sides = (side, side) if side else tuple(int(n) for n in rng.integers(1, 5, 2))
        stride = stride or int(rng.integers(1, 3))
        dilation = int(rng.integers(1, 3)) if not side and max(sides) < 4 else 1
        kind = 0 if same else int(rng.integers(0, 3))
        reaches = [(n - 1) * dilation + 1 for n in sides]
        if kind == 0:
            pads = [same_pads(size, n, stride, dilation) for size, n in zip(x.shape[1:3], sides, strict=True)]
        elif kind == 1:
            pads = [(0, 0), (0, 0)]
        else:
            pads = [tuple(int(p) for p in rng.integers(0, reach, 2)) for reach in reaches]
        made = [(n + sum(p) - r) // stride + 1 for n, p, r in zip(x.shape[1:3], pads, reaches, strict=True)]
        if min(made) < 1:
            return x
        geometry = ((stride, stride), (dilation, dilation), (*pads[0], *pads[1]), "NONE" if rng.integers(2) else "RELU")
        depthwise = outputs == x.shape[3] and rng.integers(2) and not side
        shape = (1, *sides, outputs) if depthwise else (outputs, *sides, x.shape[3])
        weights = constant(f"w{len(self.nodes)}", rng.integers(-127, 128, shape).astype(np.int8), quant(0.004, 0))
        bias = constant(f"b{len(self.nodes)}", rng.integers(-500, 500, outputs).astype(np.int32), None)
        op: Window = (DepthwiseConv2D if depthwise else Conv2D)(*geometry)
        return self.put(op, (x, weights, bias), *made, outputs)

    def pool(self, x: Tensor) -> Tensor:
        sides = [int(n) for n in self.rng.integers(1, 4, 2)]
        strides = [int(n) for n in self.rng.integers(1, 3, 2)]
        pads = [same_pads(n, k, s, 1) for n, k, s in zip(x.shape[1:3], sides, strides, strict=True)]
        made = [(n + sum(p) - k) // s + 1 for n, p, k, s in zip(x.shape[1:3], pads, sides, strides, strict=True)]
        kind = (AveragePool2D, MaxPool2D)[int(self.rng.integers(2))]
        return self.put(kind(*strides, *sides, (*pads[0], *pads[1])), (x,), *made, x.shape[3])

    def residual(self, x: Tensor) -> Tensor:
        """x and what two convolutions make of it, added; with a stride, x goes through one of a single pixel."""
        stride, channels = int(self.rng.integers(1, 3)), 8 * int(self.rng.integers(1, 3))
        if stride == 1:
            channels = x.shape[3]
        inner = self.conv(self.conv(x, channels, 3, stride, same=True), channels, 3, 1, same=True)
        side = self.conv(x, channels, 1, stride, same=True) if stride > 1 else x
        return self.put(Add(), (inner, side) if self.rng.integers(2) else (side, inner), *inner.shape[1:])

    def joined(self, x: Tensor) -> Tensor:
        """Two branches side by side."""
        left, right = self.conv(x, 8, 3, 1, same=True), self.conv(x, 8, 1, 1, same=True)
        return self.put(Concatenation(3), (left, right), *left.shape[1:3], 16)

    def layer(self, x: Tensor) -> Tensor:
        kind = int(self.rng.integers(0, 8))
        if kind < 4:
            return self.conv(x, 8 * int(self.rng.integers(1, 3)))
        if kind == 4:
            return self.pool(x)
        if kind == 5:
            return self.put(Relu(), (x,), *x.shape[1:])
        return self.residual(x) if kind == 6 else self.joined(x)

    def graph(self, layers: int) -> Graph:
        """So many layers; now and then a tensor in the middle is an output, too."""
        x, outputs = self.x, []
        for _ in range(layers):
            x = self.layer(x)
            if self.rng.integers(6) == 0:
                outputs.append(x)
        outputs = [t for t in dict.fromkeys((*outputs, x)) if t is not self.x]
        return Graph(self.name, (self.x,), tuple(outputs), tuple(self.nodes))
