"""Functions of one element: ABS, NEG, SIGN, SQUARE, SQRT, RSQRT, EXP, LOG, SIN, COS, CEIL, FLOOR, ROUND, LOGICAL_NOT
and ZEROS_LIKE."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.common import check_quant, multiplier
from motes.ops.fixed_point import inverse_square_root
from motes.ops.pointwise import (
    INTERPOLATED,
    STEPS,
    TABLE,
    Function,
    Pointwise,
    exponential,
    float_kernel,
    interpolation,
    of_type,
    rounded,
    same_place,
)
from motes.quant import requantize

FLOAT32, INT8, INT16, INT32, INT64 = DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64


def _integers(function: str, dtype: DType) -> Kernel:
    return Kernel(function, "unary_int.h", fits=of_type(dtype), in_place=same_place)


def _check_symmetric(node: Node) -> None:
    """int16 tensors have the zero point 0."""
    for tensor in (node.input(0), node.output):
        if tensor.dtype is INT16 and tensor.zero_point:
            raise Unsupported(node, f"{tensor} has a zero point other than 0", "quantize int16 symmetrically")


@dataclass(frozen=True)
class Abs(Pointwise):
    """|x|, rescaled where the scales differ.

    Dtypes: float32, int8, int16; int16 and int32 that are not quantized wrap. Source: TFLM's ABS; int32 LiteRT's.
    """

    tflite = (Builtin("ABS"),)
    types = (FLOAT32, INT8, INT16, INT32)
    kernels = (
        float_kernel("abs_f32", "unary_f32.h"),
        TABLE,
        Kernel("abs_s16", "unary_s16.h", fits=of_type(INT16), params=lambda n: _abs_params(n), in_place=same_place),
        _integers("abs_s32", INT32),
    )

    quantized: ClassVar[tuple[DType, ...]] = (INT8,)

    def check(self, node: Node) -> None:
        super().check(node)
        if _rescaled(node):
            check_quant(node, node.input(0))
            check_quant(node, node.output)
            _check_symmetric(node)
            multiplier(node, node.input(0).scale / node.output.scale)

    def exactly(self, x: Array) -> Array:
        return np.abs(x)

    def outputs(self, node: Node, x: Array) -> Array:
        size = np.abs(x - node.input(0).zero_point)
        factor, shift = _abs_factor(node)
        return (requantize(size, factor, shift) if factor else size) + node.output.zero_point


def _rescaled(node: Node) -> bool:
    """Whether both tensors stand for real numbers."""
    return node.input(0).quant is not None and node.input(0).dtype in (INT8, INT16)


def _abs_factor(node: Node) -> tuple[int, int]:
    if not _rescaled(node) or node.input(0).scale == node.output.scale:
        return 0, 0
    return multiplier(node, node.input(0).scale / node.output.scale)


def _abs_params(node: Node) -> Params:
    factor, shift = _abs_factor(node)
    high = 32767 if _rescaled(node) else 32768
    return {"count": node.output.elements, "multiplier": factor, "shift": shift, "high": high}


@dataclass(frozen=True)
class Neg(Pointwise):
    """-x. Of integers the number itself, modulo the type's size: scales and zero points are not looked at.

    Dtypes: float32 as TFLM's NEG; int8, int16, int32 and int64 as LiteRT's.
    """

    tflite = (Builtin("NEG"),)
    types = (FLOAT32, INT8, INT16, INT32, INT64)
    kernels = (
        float_kernel("neg_f32", "unary_f32.h"),
        TABLE,
        *(_integers(f"neg_s{8 * dtype.size}", dtype) for dtype in (INT16, INT32, INT64)),
    )

    quantized: ClassVar[tuple[DType, ...]] = ()

    def outputs(self, node: Node, x: Array) -> Array:
        return np.where(x == -128, x, -x)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (np.negative(x),)


@dataclass(frozen=True)
class Sign(Pointwise):
    """1 above 0, -1 below, 0 of both zeros, NaN as it is. Dtypes: float32, int32. Source: LiteRT's SIGN."""

    tflite = (Builtin("SIGN"),)
    types = (FLOAT32, INT32)
    kernels = (float_kernel("sign_f32", "unary_f32.h"), _integers("sign_s32", INT32))

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (np.where(x > 0, 1, np.where(x < 0, -1, x + x.dtype.type(0))).astype(x.dtype),)


@dataclass(frozen=True)
class Square(Pointwise):
    """x * x. Dtypes: float32. Source: TFLM's SQUARE."""

    tflite = (Builtin("SQUARE"),)
    types = (FLOAT32,)
    kernels = (float_kernel("square_f32", "unary_f32.h"),)

    def exactly(self, x: Array) -> Array:
        return np.asarray(np.square(x))


@dataclass(frozen=True)
class Sqrt(Pointwise):
    """The square root; of negative floats NaN, of negative integers 0, where LiteRT stops.

    Dtypes: float32 as TFLM's SQRT; int8 and int16 as LiteRT's, which rounds towards 0.
    """

    tflite = (Builtin("SQRT"),)
    types = (FLOAT32, INT8, INT16)
    kernels = (
        float_kernel("sqrt_f32", "unary_f32.h"),
        TABLE,
        Kernel(
            "sqrt_s16",
            "unary_s16.h",
            fits=of_type(INT16),
            params=lambda n: {"count": n.output.elements, "x_scale": n.input(0).scale, "y_scale": n.output.scale},
            in_place=same_place,
        ),
    )

    folds_int16 = True

    def check_ranges(self, node: Node) -> None:
        _check_symmetric(node)

    def exactly(self, x: Array) -> Array:
        return np.asarray(np.sqrt(x))

    def outputs(self, node: Node, x: Array) -> Array:
        source, y = node.input(0), node.output
        steps = np.maximum(x - source.zero_point, 0).astype(np.float32)
        with np.errstate(over="ignore"):
            roots = np.sqrt(np.float32(source.scale) * steps) / np.float32(y.scale)
        return np.asarray(np.minimum(np.trunc(roots), 1 << 20), np.int64) + y.zero_point


@dataclass(frozen=True)
class Rsqrt(Pointwise):
    """1 / sqrt(x); of quantized numbers that are 0 the largest, and so of negative ones, where TFLM stops.

    Dtypes: float32, int8, int16. Source: TFLM's RSQRT.
    """

    tflite = (Builtin("RSQRT"),)
    types = (FLOAT32, INT8, INT16)
    kernels = (
        float_kernel("rsqrt_f32", "unary_f32.h"),
        TABLE,
        Kernel(
            "rsqrt_s16",
            "unary_s16.h",
            fits=of_type(INT16),
            params=lambda n: _rsqrt_params(n),
            in_place=same_place,
            form="shared",
        ),
    )

    EXTRA: ClassVar[int] = 20
    """Bits that keep the root an integer."""

    def check_ranges(self, node: Node) -> None:
        _check_symmetric(node)
        _, shift = _rsqrt_factor(node)
        if shift < self.EXTRA - 31:
            raise Unsupported(
                node,
                f"its scales {node.input(0).scale:g} and {node.output.scale:g} lie too far apart",
                "check the ranges of this layer and quantize again",
            )

    def exactly(self, x: Array) -> Array:
        return np.asarray(np.float32(1) / np.sqrt(x))

    def outputs(self, node: Node, x: Array) -> Array:
        factor, shift = _rsqrt_factor(node)
        steps = np.maximum(x - node.input(0).zero_point, 0)
        roots = np.array([inverse_square_root(int(value)) for value in steps], np.int64)
        wide = requantize(1, roots[:, 0], roots[:, 1] + self.EXTRA)
        scaled = requantize(wide, factor, shift - self.EXTRA) + node.output.zero_point
        return np.where(steps == 0, 127, scaled)


def _rsqrt_factor(node: Node) -> tuple[int, int]:
    return multiplier(node, 1 / (math.sqrt(node.input(0).scale) * node.output.scale))


def _rsqrt_params(node: Node) -> Params:
    factor, shift = _rsqrt_factor(node)
    return {"count": node.output.elements, "multiplier": factor, "shift": shift}


@dataclass(frozen=True)
class Exp(Pointwise):
    """e^x. Dtypes: float32 as TFLM's EXP; int8 and int16 by the tables of LiteRT's."""

    tflite = (Builtin("EXP"),)
    types = (FLOAT32, INT8, INT16)
    ulp = 2
    kernels = (float_kernel("exp_f32", "unary_f32.h", shared=True), TABLE, STEPS, INTERPOLATED)

    def params(self, node: Node) -> Params:
        return _params(node, lambda x: exponential(float(x)))

    def outputs(self, node: Node, x: Array) -> Array:
        return rounded(lambda value: exponential(float(value)), node, x)


@dataclass(frozen=True)
class Log(Pointwise):
    """The natural logarithm; of floats that are 0 -infinity, of negative ones NaN; of such integers the lowest.

    Dtypes: float32 as TFLM's LOG; int8 and int16 by the tables of LiteRT's.
    """

    tflite = (Builtin("LOG"),)
    types = (FLOAT32, INT8, INT16)
    ulp = 2
    kernels = (float_kernel("log_f32", "unary_f32.h", shared=True), TABLE, STEPS, INTERPOLATED)

    def check_ranges(self, node: Node) -> None:
        _check_symmetric(node)

    def params(self, node: Node) -> Params:
        return _params(node, lambda x: _logarithm(x, node.output))

    def outputs(self, node: Node, x: Array) -> Array:
        return rounded(lambda value: _logarithm(value, node.output), node, x)


def _logarithm(x: np.float32, y: Tensor) -> float:
    """ln(x); the lowest real number of `y` where there is none."""
    if x > 0:
        return math.log(float(x))
    with np.errstate(over="ignore"):
        return float(np.float32(np.iinfo(y.dtype.numpy).min - y.zero_point) * np.float32(y.scale))


def _params(node: Node, function: Function) -> Params:
    """`count`, and the table of int16."""
    params: dict[str, int | Array] = {"count": node.output.elements}
    if node.output.dtype is INT16:
        params["table"] = interpolation(function, node)
    return params


@dataclass(frozen=True)
class Sin(Pointwise):
    """The sine of an angle in radians, of any size. Dtypes: float32. Source: TFLM's SIN."""

    tflite = (Builtin("SIN"),)
    types = (FLOAT32,)
    ulp = 2
    kernels = (float_kernel("sin_f32", "unary_f32.h", shared=True),)


@dataclass(frozen=True)
class Cos(Pointwise):
    """The cosine of an angle in radians, of any size. Dtypes: float32. Source: TFLM's COS."""

    tflite = (Builtin("COS"),)
    types = (FLOAT32,)
    ulp = 2
    kernels = (float_kernel("cos_f32", "unary_f32.h", shared=True),)


@dataclass(frozen=True)
class Ceil(Pointwise):
    """The smallest whole number that is not below x. Dtypes: float32. Source: TFLM's CEIL."""

    tflite = (Builtin("CEIL"),)
    types = (FLOAT32,)
    kernels = (float_kernel("ceil_f32", "unary_f32.h"),)

    def exactly(self, x: Array) -> Array:
        return np.asarray(np.ceil(x))


@dataclass(frozen=True)
class Floor(Pointwise):
    """The largest whole number that is not above x. Dtypes: float32. Source: TFLM's FLOOR."""

    tflite = (Builtin("FLOOR"),)
    types = (FLOAT32,)
    kernels = (float_kernel("floor_f32", "unary_f32.h"),)

    def exactly(self, x: Array) -> Array:
        return np.asarray(np.floor(x))


@dataclass(frozen=True)
class Round(Pointwise):
    """The nearest whole number, of two the even one. Dtypes: float32. Source: TFLM's ROUND."""

    tflite = (Builtin("ROUND"),)
    types = (FLOAT32,)
    kernels = (float_kernel("round_f32", "unary_f32.h"),)

    def exactly(self, x: Array) -> Array:
        below = np.floor(x)
        up = (x - below > 0.5) | ((x - below == 0.5) & (np.fmod(below, 2) != 0))
        return np.where(up, below + np.float32(1), below)


@dataclass(frozen=True)
class LogicalNot(Pointwise):
    """Whether x is false. Dtypes: bool. Source: TFLM's LOGICAL_NOT."""

    tflite = (Builtin("LOGICAL_NOT"),)
    types = (DType.BOOL,)
    kernels = (_integers("not_b8", DType.BOOL),)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (np.logical_not(x),)


@dataclass(frozen=True)
class ZerosLike(Pointwise):
    """0 of the input's shape and type, whatever it holds; of int8 the number 0, whatever the zero point.

    Dtypes: float32, int8, int32, int64. Source: TFLM's ZEROS_LIKE.
    """

    tflite = (Builtin("ZEROS_LIKE"),)
    types = (FLOAT32, INT8, INT32, INT64)
    kernels = (
        Kernel(
            "zeros",
            "zeros.h",
            params=lambda n: {"bytes": n.output.nbytes},
            in_place=same_place,
            untyped=True,
        ),
    )

    quantized: ClassVar[tuple[DType, ...]] = ()

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        return (np.zeros(node.output.shape, node.output.dtype.numpy),)
