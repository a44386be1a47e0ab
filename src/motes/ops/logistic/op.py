"""LOGISTIC, TANH, HARD_SWISH, ELU and GELU."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops import fixed_point
from motes.ops.common import CONVERT_AGAIN, multiplier
from motes.ops.pointwise import (
    INTERPOLATED,
    STEPS,
    TABLE,
    Pointwise,
    exponential,
    float_kernel,
    interpolation,
    of_type,
    rounded,
    same_place,
)
from motes.quant import high_mul, logistic_table_s16, quantize_multiplier, requantize, round_shift

FLOAT32, INT8, UINT8, INT16 = DType.FLOAT32, DType.INT8, DType.UINT8, DType.INT16

INTEGER_BITS = 4
"""Of inputs that the fixed-point functions of int8 take."""


class Sigmoid(Pointwise):
    """What LOGISTIC and TANH share. int8 is brought to Q4.27, int16 to steps of a table's argument."""

    powers: tuple[int, ...]
    """int16: x has a scale of 2**(n - 12), n one of these: then the table's argument is 3 * 2**n * x."""

    def check_ranges(self, node: Node) -> None:
        x, y = node.input(0), node.output
        if x.dtype is INT8:
            _, shift = self._to_q4_27(x)
            if shift < 0:
                raise Unsupported(node, f"the scale of {x}, {x.scale:g}, is too small", CONVERT_AGAIN)
        if x.dtype is INT16:
            if x.zero_point or y.zero_point:
                raise Unsupported(
                    node, "its int16 tensors have zero points other than 0", "quantize them symmetrically"
                )
            if _power_of_2(y.scale) != -15:
                raise Unsupported(node, f"its output has the scale {y.scale:g}, not 1/32768", CONVERT_AGAIN)

    def params(self, node: Node) -> Params:
        if node.input(0).dtype is not INT16:
            return super().params(node)
        factor, shift = self._steps(node.input(0).scale)
        return {
            "count": node.output.elements,
            "multiplier": factor,
            "shift": shift,
            "table": logistic_table_s16(),
        }

    def _steps(self, scale: float) -> tuple[int, int]:
        """(multiplier, shift) that take x to steps of 1 / (3 * 2**12), a multiplier of 15 bits rounded towards 0."""
        power = _power_of_2(scale)
        if power is not None and power + 12 in self.powers:
            return 3 << (power + 12), 0
        real, shift = scale * 3 * 4096, 0
        while real <= 32767 / 2 and shift <= 30:
            real, shift = 2 * real, shift + 1
        return min(int(real), (1 << 31) - 1), shift

    def _to_q4_27(self, x: Tensor) -> tuple[int, int]:
        """(multiplier, shift) that take steps of int8 to Q4.27; from a scale of 16 on no step fits it anyhow."""
        return quantize_multiplier(min(x.scale * 2.0 ** (31 - INTEGER_BITS), 2.0**31 - 1))

    def q4_27(self, node: Node, x: Array) -> tuple[Array, Array, Array]:
        """int8: the inputs in Q4.27; where they are too low for it; where they are too high."""
        source = node.input(0)
        factor, shift = self._to_q4_27(source)
        most = math.floor(((1 << INTEGER_BITS) - 1) * 2.0 ** (31 - INTEGER_BITS) / 2.0**shift)
        steps = x - source.zero_point
        low, high = steps <= -most, steps >= most
        return requantize(np.where(low | high, 0, steps), factor, shift), low, high


def _power_of_2(scale: float) -> int | None:
    """The power of 2 that a scale is, to a thousandth of a power; None where it is none."""
    power = math.log2(scale)
    return round(power) if abs(power - round(power)) < 1e-3 else None


def _logistic(x: np.float32) -> float:
    return float(np.float32(1) / (np.float32(1) + np.float32(exponential(float(-x)))))


@dataclass(frozen=True)
class Logistic(Sigmoid):
    """1 / (1 + exp(-x)).

    Dtypes: float32, int8 to the zero point -128 and the scale 1/256, int16 to the scale 1/32768, as TFLM's LOGISTIC;
    uint8 by the table of LiteRT's.
    """

    tflite = (Builtin("LOGISTIC"),)
    types = (FLOAT32, INT8, UINT8, INT16)
    ulp = 3
    kernels = (
        float_kernel("logistic_f32", "logistic_f32.h", shared=True),
        TABLE,
        STEPS,
        Kernel("logistic_s16", "sigmoids_s16.h", fits=of_type(INT16), in_place=same_place, form="shared"),
    )

    powers = (0,)

    def check_ranges(self, node: Node) -> None:
        super().check_ranges(node)
        y = node.output
        if y.dtype is INT8 and y.zero_point != -128:
            raise Unsupported(node, f"its output has the zero point {y.zero_point}, not -128", CONVERT_AGAIN)
        if y.dtype is UINT8 and (y.scale, y.zero_point) != (1 / 256, 0):
            raise Unsupported(
                node, f"its output has scale {y.scale:g} and zero point {y.zero_point}, not 1/256 and 0", CONVERT_AGAIN
            )

    def outputs(self, node: Node, x: Array) -> Array:
        if node.input(0).dtype is UINT8:
            return rounded(_logistic, node, x)
        inside, low, high = self.q4_27(node, x)
        bent = round_shift(fixed_point.logistic(inside), 31 - 8) - 128
        return np.where(low, -128, np.where(high, 127, bent))


@dataclass(frozen=True)
class Tanh(Sigmoid):
    """The hyperbolic tangent.

    Dtypes: float32, int8 to the scale 1/128, int16 to the scale 1/32768, as TFLM's TANH; uint8 by the table of
    LiteRT's. TFLM ignores another scale of int8, and so do these.
    """

    tflite = (Builtin("TANH"),)
    types = (FLOAT32, INT8, UINT8, INT16)
    ulp = 2
    kernels = (
        float_kernel("tanh_f32", "logistic_f32.h", shared=True),
        TABLE,
        STEPS,
        Kernel("tanh_s16", "sigmoids_s16.h", fits=of_type(INT16), in_place=same_place, form="shared"),
    )

    powers = (0, 1)

    def outputs(self, node: Node, x: Array) -> Array:
        if node.input(0).dtype is UINT8:
            return rounded(lambda value: math.tanh(float(value)), node, x)
        inside, low, high = self.q4_27(node, x)
        bent = round_shift(fixed_point.tanh(inside), 31 - 7)
        return np.where(low, -128, np.where(high, 127, bent))


@dataclass(frozen=True)
class HardSwish(Pointwise):
    """x * min(6, max(0, x + 3)) / 6.

    Dtypes: float32 and int8 as TFLM's HARD_SWISH, in 16-bit fixed point; uint8 likewise, as LiteRT's.
    """

    tflite = (Builtin("HARD_SWISH"),)
    types = (FLOAT32, INT8, UINT8)
    kernels = (float_kernel("hard_swish_f32", "logistic_f32.h"), TABLE)

    def check_ranges(self, node: Node) -> None:
        factors = _swish_factors(node)
        if factors[0][1] > 0 or not -31 <= factors[1][1] <= 31:
            raise Unsupported(
                node,
                f"its output's scale {node.output.scale:g} is too small beside its input's, {node.input(0).scale:g}",
                "check the ranges of this layer and quantize again",
            )

    def exactly(self, x: Array) -> Array:
        bent = np.fmin(np.float32(6), np.fmax(np.float32(0), x + np.float32(3)))
        return np.asarray(x * bent / np.float32(6))

    def outputs(self, node: Node, x: Array) -> Array:
        (factor, shift), (relu_factor, relu_shift) = _swish_factors(node)
        fine = (x - node.input(0).zero_point) * 128
        scaled = _high_mul_s16(fine, factor)  # on the output's scale, before its shift
        # x / 3 in Q0.15, saturated: 1 bit of the shift comes last, so that nothing is lost before.
        relu = _saturated_s16(fine << (relu_shift - 1)) if relu_shift > 0 else fine
        relu = _high_mul_s16(relu, relu_factor)
        relu = _saturated_s16(relu * 2) if relu_shift > 0 else round_shift(relu, -relu_shift)
        relu = (relu + (1 << 15)) >> 1  # from -1..1 to 0..1
        product = relu * scaled
        towards_0 = np.where(product < 0, -(-product >> 15), product >> 15)
        return round_shift(towards_0, -shift) + node.output.zero_point


def _swish_factors(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier of 15 bits, shift) from 1/128 of the input's scale: to the output's, and to 3 / 32768."""
    fine = np.float32(1 / 128) * np.float32(node.input(0).scale)
    found = []
    for scale in (np.float32(node.output.scale), np.float32(3) / np.float32(32768)):
        with np.errstate(over="ignore"):
            factor, shift = multiplier(node, float(fine / scale))
        found.append((min((factor + (1 << 15)) >> 16, 32767), shift))
    return found[0], found[1]


def _high_mul_s16(a: Array, b: int) -> Array:
    """round(a * b / 2**15), halves up, of int16."""
    return high_mul(a, b << 16)


def _saturated_s16(x: Array) -> Array:
    return np.clip(x, -32768, 32767)


@dataclass(frozen=True)
class Elu(Pointwise):
    """x, and exp(x) - 1 below 0. Dtypes: float32, int8. Source: TFLM's ELU."""

    tflite = (Builtin("ELU"),)
    types = (FLOAT32, INT8)
    ulp = 2
    kernels = (float_kernel("elu_f32", "logistic_f32.h", shared=True), TABLE)

    def outputs(self, node: Node, x: Array) -> Array:
        return rounded(_elu, node, x)


def _elu(x: np.float32) -> float:
    return float(np.float32(exponential(float(x))) - np.float32(1)) if x < 0 else float(x)


@dataclass(frozen=True)
class Gelu(Pointwise):
    """x * F(x), with F the normal distribution: erfc(-x / sqrt(2)) / 2, or 1/2 + tanh(...) / 2 where approximate.

    The approximate form subtracts nearly equal numbers below 0, so that floats there are off by many ulp in all
    implementations, and by 2**-23 of |x| at most. Dtypes: float32, int8, uint8, int16. Source: LiteRT's GELU. Tables
    are filled with erfc and tanh rounded correctly; LiteRT takes the C library's, which on some machines are not, so
    that a value of int16 in between may be 1 off.
    """

    tflite = (Builtin("GELU", {"approximate": ("bool", False)}),)
    types = (FLOAT32, INT8, UINT8, INT16)
    ulp = 4
    kernels = (
        float_kernel("gelu_f32", "logistic_f32.h", shared=True),
        Kernel(
            "gelu_tanh_f32",
            "logistic_f32.h",
            fits=lambda node: node.input(0).dtype is FLOAT32 and _approximate(node),
            in_place=same_place,
            form="shared",
        ),
        TABLE,
        INTERPOLATED,
    )

    approximate: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Gelu:
        return cls(options["approximate"])

    def params(self, node: Node) -> Params:
        if node.input(0).dtype is not INT16:
            return super().params(node)
        return {"count": node.output.elements, "table": interpolation(self._real, node)}

    def outputs(self, node: Node, x: Array) -> Array:
        return rounded(self._real, node, x)

    def _real(self, x: np.float32) -> float:
        """In single precision, in LiteRT's order."""
        half = np.float32(0.5) * x
        if not self.approximate:
            return float(half * np.float32(math.erfc(float(x * np.float32(-math.sqrt(0.5))))))
        inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
        return float(half * (np.float32(1) + np.float32(math.tanh(float(inner)))))


def _approximate(node: Node) -> bool:
    assert isinstance(node.op, Gelu), node
    return node.op.approximate
