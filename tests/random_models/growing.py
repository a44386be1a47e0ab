"""A graph on its way: tensors that may be read, constants and weights that suit them, and operators that are added."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import float32
from tflite_writer import Operator

MOST_ELEMENTS = 3000
ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6")

INEXACT = frozenset({"LOGISTIC", "TANH", "ELU", "SOFTMAX", "LOG_SOFTMAX", "EXP", "LOG", "SIN", "COS"})
"""Float results of these may be off by a few units in the last place, which a rounding behind them would magnify."""


@dataclass
class Growing:
    """A graph on its way.

    Attributes:
        live: tensors that operators may read.
        spread: the real size that a tensor's values have, about.
        inexact: tensors whose floats may be off by a few units in the last place.
        withered: weights have channels that count for nothing, and outputs that cannot vary.
    """

    rng: random.Random
    kind: str
    withered: bool = False
    inputs: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    live: list[Tensor] = field(default_factory=list)
    spread: dict[Tensor, float] = field(default_factory=dict)
    inexact: set[Tensor] = field(default_factory=set)
    named: int = 0

    def named_tensor(self, shape: Sequence[int], dtype: DType, fixed: Quant | None, data: Array | None) -> Tensor:
        self.named += 1
        return Tensor(f"t{self.named}", tuple(shape), dtype, fixed, data)

    def tensor(self, shape: Sequence[int], dtype: DType, spread: float, fixed: Quant | None = None) -> Tensor:
        """A tensor whose quantization suits values of this size, or is `fixed`."""
        if fixed is None and dtype is DType.INT8:
            scale = float32(spread * self.rng.uniform(3, 8) / 256)
            fixed = quant(scale, self.rng.choice((-128, 0, self.rng.randint(-128, 127), self.rng.randint(-40, 40))))
        elif fixed is None and dtype is DType.INT16:
            fixed = quant(float32(spread * self.rng.uniform(3, 8) / 65536), 0)
        made = self.named_tensor(shape, dtype, fixed, None)
        self.spread[made] = spread
        return made

    def like(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """A tensor of the same kind with another shape."""
        return self.tensor(shape, x.dtype, self.spread[x], x.quant)

    def ints(self, *values: int) -> Tensor:
        """A constant list of int32."""
        return self.named_tensor((len(values),), DType.INT32, None, np.array(values, np.int32))

    def int_scalar(self, value: int) -> Tensor:
        return self.named_tensor((), DType.INT32, None, np.array(value, np.int32))

    def pairs(self, values: Sequence[tuple[int, int]]) -> Tensor:
        """A constant table of int32: two numbers a row, such as the paddings of each axis."""
        return self.named_tensor((len(values), 2), DType.INT32, None, np.array(values, np.int32))

    def constant(self, shape: Sequence[int], dtype: DType, spread: float = 1.0, like: Tensor | None = None) -> Tensor:
        """Constant values of this size, in the type of activations; quantized as `like` is, if it is given."""
        values = np.random.default_rng(self.rng.getrandbits(64))
        if dtype is DType.FLOAT32:
            return self.named_tensor(shape, dtype, None, (values.normal(0, spread, shape)).astype(np.float32))
        if dtype is DType.BOOL:
            return self.named_tensor(shape, dtype, None, values.random(tuple(shape)) < 0.5)
        fixed = like.quant if like is not None else self.tensor(shape, dtype, spread).quant
        info = np.iinfo(dtype.numpy)
        data = values.integers(info.min, info.max, tuple(shape), endpoint=True).astype(dtype.numpy)
        return self.named_tensor(shape, dtype, fixed, data)

    def divisor(self, shape: Sequence[int], dtype: DType) -> Tensor:
        """Constants between 0.5 and 2 or thereabouts, of both signs, none of them 0."""
        values = np.random.default_rng(self.rng.getrandbits(64))
        if dtype is DType.FLOAT32:
            data = values.uniform(0.5, 2, shape) * values.choice((-1, 1), shape)
            return self.named_tensor(shape, dtype, None, data.astype(np.float32))
        made = self.constant(shape, dtype)
        assert made.data is not None
        data = np.where(made.data == made.zero_point, made.data.dtype.type(made.zero_point ^ 1), made.data)
        return self.named_tensor(shape, dtype, made.quant, data)

    def weights(self, shape: Sequence[int], x: Tensor, axis: int, channels: int) -> tuple[Tensor, Tensor, float]:
        """(weights, bias, size of the sums) for a layer that reads `x`."""
        values = np.random.default_rng(self.rng.getrandbits(64))
        fan = math.prod(shape) / channels
        size = self.spread[x] * math.sqrt(fan)
        if x.dtype is DType.FLOAT32:
            w = self.named_tensor(shape, x.dtype, None, values.normal(0, 1, shape).astype(np.float32))
            b = self.named_tensor((channels,), x.dtype, None, values.normal(0, 1, channels).astype(np.float32))
            return w, b, size
        per_channel = self.rng.random() < 0.7
        scales = tuple(float32(3 / 127 * self.rng.uniform(0.3, 2)) for _ in range(channels if per_channel else 1))
        if self.withered:
            scales = tuple(float32(s * self.rng.choice((1, 1, 1, 1, 1e-4, 3))) for s in scales)
        w_quant = Quant(scales, (0,) * len(scales), axis if per_channel else None)
        whole = values.integers(-127, 127, tuple(shape), endpoint=True).astype(np.int8)
        wide = DType.INT64 if x.dtype is DType.INT16 else DType.INT32
        b_quant = Quant(tuple(float32(s * x.scale) for s in scales), (0,) * len(scales), 0 if per_channel else None)
        data = values.integers(-3000, 3000, channels).astype(wide.numpy)
        if self.withered:
            whole, data = _withered(values, whole, axis, data)
        w = self.named_tensor(shape, DType.INT8, w_quant, whole)
        b = self.named_tensor((channels,), wide, b_quant, data)
        return w, b, size * 1.5

    def emit(self, builtin: str, inputs: Sequence[Tensor | None], output: Tensor, **options: Any) -> Tensor:
        """Add an operator; its inputs may still be read by others now and then."""
        return self.emit_many(builtin, inputs, [output], **options)[0]

    def emit_many(
        self, builtin: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], **options: Any
    ) -> Sequence[Tensor]:
        self.operators.append(Operator(builtin, tuple(inputs), tuple(outputs), options))
        for tensor in dict.fromkeys(inputs):
            if tensor in self.live and self.rng.random() < 0.75:
                self.live.remove(tensor)
        self.live += outputs
        floats = any(t is not None and t.dtype is DType.FLOAT32 for t in inputs)
        if (floats and builtin in INEXACT) or any(t in self.inexact for t in inputs):
            self.inexact |= set(outputs)
        return outputs

    def end(self, builtin: str, inputs: Sequence[Tensor], output: Tensor, **options: Any) -> None:
        """Add an operator whose output nothing reads."""
        self.live.remove(self.emit(builtin, inputs, output, **options))

    def peer(self, x: Tensor, spread: float, alike: bool = False) -> Tensor:
        """Another operand: a tensor of the same shape, x itself, or a constant that is broadcast to it."""
        peers = [t for t in self.live if t.dtype is x.dtype and t is not x and t.shape == x.shape]
        peers = [t for t in peers if t.quant == x.quant] if alike else peers
        if peers and self.rng.random() < 0.6:
            return self.rng.choice(peers)
        if self.rng.random() < 0.15:
            return x
        shapes = (x.shape, x.shape[-1:], (1,) * len(x.shape), (*x.shape[:-1], 1), (1,))
        return self.constant(self.rng.choice(shapes), x.dtype, spread, x if alike else None)

    def activation(self) -> str:
        return self.rng.choice(ACTIVATIONS)


def _withered(values: np.random.Generator, weights: Array, axis: int, bias: Array) -> tuple[Array, Array]:
    """Weights with outputs and inputs that are 0, or nearly so; biases that leave an output no choice, and a few that
    wrap."""
    by_output, count = np.moveaxis(weights.copy(), axis, 0), len(bias)
    by_output[values.random(count) < 0.1] = 0
    if axis == 0:
        by_output[..., values.random(weights.shape[-1]) < 0.25] = 0
    small = values.random(count) < 0.2
    by_output[small] = np.clip(by_output[small], -2, 2)
    far = values.choice((0, 3e4, 3e5, 2e9), count, p=(0.5, 0.15, 0.3, 0.05)) * values.choice((-1, 1), count)
    return np.moveaxis(by_output, 0, axis), bias + far.astype(bias.dtype)


Grow = Callable[[Growing, str, Tensor], Any]
"""Adds an operator that reads the tensor; False where it cannot."""
