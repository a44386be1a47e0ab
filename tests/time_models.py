"""Models over a window in time, as values: tests stream them, and compare with what whole windows give."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np

from motes.ir import Array, DType, Graph, Node, Op, Tensor, quant
from motes.ops.add.op import Add
from motes.ops.common import same_pads
from motes.ops.concatenation.op import Concatenation
from motes.ops.conv.op import Conv2D, DepthwiseConv2D
from motes.ops.fully_connected.op import FullyConnected
from motes.ops.pool.op import AveragePool2D, MaxPool2D
from motes.ops.relu.op import Relu
from motes.ops.reshape.op import Reshape
from motes.ops.slice.op import Slice


@dataclass
class Layers:
    """A graph in the making: each method adds an operator behind `x` and returns its output."""

    rng: random.Random
    input: Tensor
    nodes: list[Node] = field(default_factory=list)

    def graph(self, *outputs: Tensor) -> Graph:
        return Graph("model", (self.input,), outputs, tuple(self.nodes))

    def add(self, op: Op, inputs: tuple[Tensor, ...], shape: tuple[int, ...], like: Tensor | None = None) -> Tensor:
        name = f"n{len(self.nodes)}"
        q = like.quant if like else quant(0.1 * 2.0 ** self.rng.uniform(-1, 1), self.rng.randint(-40, 40))
        y = Tensor(f"{name}_y", shape, DType.INT8, q)
        self.nodes.append(Node(name, op, inputs, (y,)))
        return y

    def conv(
        self,
        x: Tensor,
        taps: tuple[int, int],
        channels: int = 0,
        *,
        stride: int = 1,
        dilation: int = 1,
        padding: str = "VALID",
        activation: str = "NONE",
    ) -> Tensor:
        """A convolution to so many channels; with none, depthwise. Padding may be CAUSAL: all of it before."""
        _, rows, columns, depth = x.shape
        reach = (taps[0] - 1) * dilation + 1
        pads = {
            "VALID": (0, 0),
            "SAME": same_pads(rows, taps[0], stride, dilation),
            "CAUSAL": (reach - 1, 0),
        }[padding]
        sides = (0, 0) if padding == "VALID" else same_pads(columns, taps[1], 1, 1)
        made = (rows + sum(pads) - reach) // stride + 1
        values = np.random.default_rng(self.rng.getrandbits(32))
        shape = (channels, *taps, depth) if channels else (1, *taps, depth)
        scale = 0.3 / (np.prod(shape[1:]) if channels else np.prod(taps)) ** 0.5 / 70
        w = Tensor("w", shape, DType.INT8, quant(scale, 0), values.integers(-127, 128, shape).astype(np.int8))
        bias = values.integers(-500, 500, channels or depth).astype(np.int32)
        b = Tensor("b", bias.shape, DType.INT32, None, bias)
        kind = Conv2D if channels else DepthwiseConv2D
        op = kind((stride, 1), (dilation, 1), (*pads, *sides), activation)
        made_of = (1, made, columns + sum(sides) - taps[1] + 1, channels or depth)
        return self.add(op, (x, w, b), made_of)

    def dense(self, x: Tensor, units: int) -> Tensor:
        values = np.random.default_rng(self.rng.getrandbits(32)).integers(-127, 128, (units, x.elements))
        w = Tensor("w", values.shape, DType.INT8, quant(0.3 / x.elements**0.5 / 70, 0), values.astype(np.int8))
        return self.add(FullyConnected("NONE"), (x, w), (1, units))

    def pool(self, x: Tensor, rows: int, stride: int, padding: str = "VALID", largest: bool = False) -> Tensor:
        kind = MaxPool2D if largest else AveragePool2D
        pads = same_pads(x.shape[1], rows, stride, 1) if padding == "SAME" else (0, 0)
        made = (x.shape[1] + sum(pads) - rows) // stride + 1
        return self.add(kind(stride, 1, rows, 1, (*pads, 0, 0)), (x,), (1, made, *x.shape[2:]), x)

    def mean(self, x: Tensor) -> Tensor:
        _, rows, columns, depth = x.shape
        return self.add(AveragePool2D(rows, columns, rows, columns), (x,), (1, 1, 1, depth), x)

    def relu(self, x: Tensor) -> Tensor:
        return self.add(Relu(), (x,), x.shape)

    def sum(self, a: Tensor, b: Tensor) -> Tensor:
        return self.add(Add(), (a, b), a.shape)

    def join(self, a: Tensor, b: Tensor) -> Tensor:
        return self.add(Concatenation(3), (a, b), (*a.shape[:3], 2 * a.shape[3]), a)

    def shaped(self, x: Tensor, *shape: int) -> Tensor:
        return self.add(Reshape(), (x,), shape, x)

    def cut(self, x: Tensor, first: int, count: int) -> Tensor:
        begin, size = ((0, first, 0, 0), (1, count, *x.shape[2:]))
        ends = (Tensor("c", (4,), DType.INT32, None, np.array(v, np.int32)) for v in (begin, size))
        return self.add(Slice(), (x, *ends), size, x)


def window(rows: int, columns: int = 1, channels: int = 4) -> Tensor:
    """The input."""
    return Tensor("x", (1, rows, columns, channels), DType.INT8, quant(0.1, 3))


def temporal(
    rows: int = 40, channels: int = 8, dilations: tuple[int, ...] = (1, 2, 4), padding: str = "CAUSAL"
) -> Graph:
    """A temporal convolutional network: dilated residual blocks, of which the last row counts."""
    layers = Layers(random.Random("temporal"), window(rows, 1, channels))
    x = layers.input
    for dilation in (1, 2, 4):
        y = layers.relu(layers.conv(x, (3, 1), channels, dilation=dilation, padding=padding))
        y = layers.conv(y, (3, 1), channels, dilation=dilation, padding=padding)
        x = layers.sum(layers.cut(x, x.shape[1] - y.shape[1], y.shape[1]) if padding == "VALID" else x, y)
    return layers.graph(layers.dense(layers.cut(x, x.shape[1] - 1, 1), 3))


def random_model(seed: int) -> tuple[Graph, int, int]:
    """A small network over time, its rows, and a step."""
    rng = random.Random(f"time {seed}")
    rows, columns = rng.randint(6, 36), rng.choice((1, 1, 2, 3))
    layers = Layers(rng, window(rows, columns, rng.choice((1, 3, 4, 8))))
    x = layers.input
    for _ in range(rng.randint(1, 6)):
        x = _layer(layers, rng, x)
    x = _end(layers, rng, x)
    return layers.graph(x), rows, rng.randint(1, max(1, rows // 2))


def _layer(layers: Layers, rng: random.Random, x: Tensor) -> Tensor:
    rows, columns = x.shape[1:3]
    taps, stride, dilation = rng.randint(1, min(5, rows)), rng.choice((1, 1, 1, 2, 3)), rng.choice((1, 1, 2, 3))
    padding = rng.choice(("VALID", "VALID", "SAME", "CAUSAL"))
    if padding == "VALID" and (taps - 1) * dilation >= rows:
        padding = "CAUSAL"
    kind = rng.choice(("conv", "conv", "depthwise", "pool", "relu", "residual", "join", "cut", "shape"))
    if kind in ("conv", "depthwise"):
        channels = rng.choice((1, 4, 6)) if kind == "conv" else 0
        sides = (taps, rng.randint(1, columns))
        activation = rng.choice(("NONE", "RELU"))
        return layers.conv(
            x, sides, channels, stride=stride, dilation=dilation, padding=padding, activation=activation
        )  # fmt: skip
    if kind == "pool":
        return layers.pool(x, taps, stride, rng.choice(("VALID", "SAME")), rng.random() < 0.5)
    if kind == "residual":
        return layers.sum(x, layers.conv(x, (taps, 1), 0, dilation=dilation, padding=rng.choice(("SAME", "CAUSAL"))))
    if kind == "join":
        return layers.join(x, x)
    if kind == "cut" and rows > 2:
        first = rng.randint(0, rows - 2)
        return layers.cut(x, first, rng.randint(1, rows - first))
    if kind == "shape" and rows % 2 == 0:
        return layers.shaped(x, 1, rows // 2, columns * 2, x.shape[3])
    return layers.relu(x)


def _end(layers: Layers, rng: random.Random, x: Tensor) -> Tensor:
    kind = rng.choice(("rows", "mean", "dense", "both"))
    if kind == "rows":
        return x
    if kind in ("mean", "both"):
        x = layers.mean(x)
    return layers.dense(x, 3) if kind != "mean" else x


def frames(graph: Graph, rows: int, count: int, seed: int = 0) -> Array:
    """int8 (count, elements of a row): noise around levels that change."""
    rng = np.random.default_rng(seed)
    row = graph.inputs[0].elements // rows
    level = np.repeat(rng.integers(-90, 90, -(-count // 10)), 10)[:count, np.newaxis]
    return np.clip(level + rng.normal(size=(count, row)) * 30, -128, 127).astype(np.int8)


def windows(graph: Graph, rows: int, step: int, given: Array) -> Array:
    """The windows over these frames, each of the shape of the graph's input."""
    count = (len(given) - rows) // step + 1
    cut = [given[i * step : i * step + rows].reshape(graph.inputs[0].shape) for i in range(count)]
    return np.stack(cut)


def steps(rows: int, step: int, given: Array, shape: tuple[int, ...], before: int = 77) -> Array:
    """The same frames as they come, step by step: in front of the first are rows that hold anything."""
    missing = -rows % step
    filled = np.concatenate([np.full((missing, given.shape[1]), before, np.int8), given])
    count = len(filled) // step
    return filled[: count * step].reshape(count, *shape)
