"""RELU, RELU6, RELU_N1_TO_1, RELU_0_TO_1 and LEAKY_RELU."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, multiplier
from motes.ops.pointwise import TABLE, Pointwise, of_type, same_place
from motes.quant import requantize

FLOAT32, INT8, UINT8, INT16 = DType.FLOAT32, DType.INT8, DType.UINT8, DType.INT16


class Limited(Pointwise):
    """What the operators with a lower and an upper limit share: rescaled where quantizations differ, then clamped."""

    low: ClassVar[float]
    high: ClassVar[float] = math.inf
    kernels = (
        Kernel("clamp_f32", "relu.h", fits=of_type(FLOAT32), params=lambda n: _float_limits(n), in_place=same_place),
        TABLE,
        Kernel("leaky_relu_s16", "relu.h", fits=of_type(INT16), params=lambda n: _rescaling(n), in_place=same_place),
        *(
            Kernel(
                f"clamp_s{8 * dtype.size}",
                "relu.h",
                fits=lambda n, dtype=dtype: n.input(0).dtype is dtype and _keeps_scale(n),  # type: ignore[misc]
                params=lambda n: _limits(n),
                in_place=same_place,
            )
            for dtype in (INT8, INT16)
        ),
    )

    folds_int16 = True

    def check_ranges(self, node: Node) -> None:
        x, y = node.input(0), node.output
        if x.dtype is INT16 and (x.zero_point or y.zero_point):
            raise Unsupported(node, "its int16 tensors have zero points other than 0", "quantize them symmetrically")
        self.factor(node)
        self.bounds(node)

    def factor(self, node: Node) -> tuple[int, int]:
        """Multiplier and shift from the input's scale to the output's."""
        return multiplier(node, node.input(0).scale / node.output.scale)

    def bounds(self, node: Node) -> tuple[int, int]:
        """The smallest and the largest quantized output."""
        return _quantized(node, node.output, self.low, self.high)

    def keeps_scale(self, node: Node) -> bool:
        """Whether nothing is left to do but to clamp."""
        return node.input(0).quant == node.output.quant

    def exactly(self, x: Array) -> Array:
        least = np.where(x < self.low, np.float32(self.low), x)
        return np.where(least > self.high, np.float32(self.high), least)

    def outputs(self, node: Node, x: Array) -> Array:
        if self.keeps_scale(node):
            return np.asarray(np.clip(x, *self.bounds(node)))
        scaled = requantize(x - node.input(0).zero_point, *self.factor(node)) + node.output.zero_point
        return np.asarray(np.clip(scaled, *self.bounds(node)))


def _op(node: Node) -> Limited:
    assert isinstance(node.op, Limited), node
    return node.op


def _quantized(node: Node, tensor: Tensor, low: float, high: float) -> tuple[int, int]:
    """Real limits as numbers of the tensor, in single precision as TFLM computes them, within the tensor's type."""
    info = np.iinfo(tensor.dtype.numpy)

    def quantized(real: float) -> int:
        with np.errstate(over="ignore"):
            steps = float(np.float32(real) / np.float32(tensor.scale))
        if abs(steps) >= 1 << 31:
            raise Unsupported(
                node,
                f"its limit {real:g} in steps of {tensor.scale:g} is beyond int32",
                "check the range of this layer and quantize again",
            )
        return tensor.zero_point + int(math.copysign(math.floor(abs(steps) + 0.5), steps))

    most = int(info.max) if math.isinf(high) else min(int(info.max), quantized(high))
    return max(int(info.min), quantized(low)), most


def _keeps_scale(node: Node) -> bool:
    return _op(node).keeps_scale(node)


def _float_limits(node: Node) -> Params:
    return {"count": node.output.elements, "low": _op(node).low, "high": _op(node).high}


def _limits(node: Node) -> Params:
    low, high = _op(node).bounds(node)
    return {"count": node.output.elements, "low": low, "high": high}


def _rescaling(node: Node) -> Params:
    factor, shift = _op(node).factor(node)
    return {
        "x_zero": node.input(0).zero_point,
        "y_zero": node.output.zero_point,
        "multiplier": factor,
        "shift": shift,
        "below_multiplier": factor,
        "below_shift": shift,
        "below_sign": 1,
        **_limits(node),
    }


@dataclass(frozen=True)
class Relu(Limited):
    """max(0, x). Dtypes: float32, int8 and int16 as TFLM's RELU; uint8 as LiteRT's."""

    tflite = (Builtin("RELU"),)
    types = (FLOAT32, INT8, UINT8, INT16)

    low = 0.0


@dataclass(frozen=True)
class Relu6(Limited):
    """min(6, max(0, x)).

    Dtypes: float32, int8 and int16 as TFLM's RELU6, which takes the output's quantization to be the input's; uint8 as
    LiteRT's, which rescales.
    """

    tflite = (Builtin("RELU6"),)
    types = (FLOAT32, INT8, UINT8, INT16)

    low, high = 0.0, 6.0

    def check_ranges(self, node: Node) -> None:
        self.bounds(node)
        if node.input(0).dtype is UINT8:
            self.factor(node)

    def keeps_scale(self, node: Node) -> bool:
        return node.input(0).dtype is not UINT8

    def bounds(self, node: Node) -> tuple[int, int]:
        return _quantized(node, node.input(0) if self.keeps_scale(node) else node.output, self.low, self.high)


@dataclass(frozen=True)
class ReluN1To1(Limited):
    """min(1, max(-1, x)). Dtypes: float32, int8, uint8. Source: LiteRT's RELU_N1_TO_1."""

    tflite = (Builtin("RELU_N1_TO_1"),)
    types = (FLOAT32, INT8, UINT8)

    low, high = -1.0, 1.0


@dataclass(frozen=True)
class Relu0To1(Limited):
    """min(1, max(0, x)). Dtypes: float32, int8, uint8. Source: LiteRT's RELU_0_TO_1."""

    tflite = (Builtin("RELU_0_TO_1"),)
    types = (FLOAT32, INT8, UINT8)

    low, high = 0.0, 1.0


@dataclass(frozen=True)
class LeakyRelu(Pointwise):
    """x, and alpha * x below 0. Dtypes: float32, int8 and int16 as TFLM's LEAKY_RELU; uint8 as LiteRT's."""

    tflite = (Builtin("LEAKY_RELU", {"alpha": ("float", 0.0)}),)
    types = (FLOAT32, INT8, UINT8, INT16)
    kernels = (
        Kernel(
            "leaky_relu_f32",
            "relu.h",
            fits=of_type(FLOAT32),
            params=lambda n: {"count": n.output.elements, "alpha": _leaky(n).alpha},
            in_place=same_place,
        ),
        TABLE,
        Kernel("leaky_relu_s16", "relu.h", fits=of_type(INT16), params=lambda n: _leaky_params(n), in_place=same_place),
    )

    alpha: float

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> LeakyRelu:
        return cls(options["alpha"])

    def check(self, node: Node) -> None:
        if not math.isfinite(self.alpha):
            raise BadInput(f"{node}: its slope below 0 is {self.alpha}; {CONVERT_AGAIN}")
        super().check(node)

    def check_ranges(self, node: Node) -> None:
        self.factors(node)

    folds_int16 = True

    def exactly(self, x: Array) -> Array:
        return np.where(x > 0, x, x * np.float32(self.alpha))

    def factors(self, node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
        """(multiplier, shift) for inputs from 0 on, and below of |alpha|, whose sign is put on after rounding."""
        scale, y_scale = node.input(0).scale, node.output.scale
        return multiplier(node, scale / y_scale), multiplier(node, scale * abs(self.alpha) / y_scale)

    @property
    def sign(self) -> int:
        """Of the slope below 0."""
        return -1 if self.alpha < 0 else 1

    def outputs(self, node: Node, x: Array) -> Array:
        above, below = self.factors(node)
        value = x - node.input(0).zero_point
        scaled = np.where(value >= 0, requantize(value, *above), self.sign * requantize(value, *below))
        return scaled + node.output.zero_point


def _leaky(node: Node) -> LeakyRelu:
    assert isinstance(node.op, LeakyRelu), node
    return node.op


def _leaky_params(node: Node) -> Params:
    (factor, shift), (below, below_shift) = _leaky(node).factors(node)
    return {
        "count": node.output.elements,
        "x_zero": node.input(0).zero_point,
        "y_zero": node.output.zero_point,
        "multiplier": factor,
        "shift": shift,
        "below_multiplier": below,
        "below_shift": below_shift,
        "below_sign": _leaky(node).sign,
        "low": -32768,
        "high": 32767,
    }
