"""QUANTIZE and DEQUANTIZE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.intervals import Interval
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity, check_quant, multiplier, row_by_row
from motes.quant import requantize

_QUANTIZES = {
    DType.FLOAT32: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT8: (DType.INT8, DType.UINT8, DType.INT16, DType.INT32),
    DType.UINT8: (DType.INT8, DType.UINT8, DType.INT16),
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
}
_DEQUANTIZES = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT16)


def _from_float(node: Node) -> bool:
    return node.input(0).dtype is DType.FLOAT32


def _flips_sign(node: Node) -> bool:
    """Whether every byte changes in its upper bit alone, as between uint8 and int8 of one scale and one real zero."""
    x, y = node.input(0), node.output
    if {x.dtype, y.dtype} != {DType.INT8, DType.UINT8}:
        return False
    values = np.arange(256, dtype=np.uint8).view(x.dtype.numpy)
    scaled = requantize(values.astype(np.int64) - x.zero_point, *multiplier(node, x.scale / y.scale)) + y.zero_point
    return np.array_equal(scaled, (values.view(np.uint8) ^ 0x80).view(y.dtype.numpy))


def _in_place(node: Node) -> tuple[tuple[int, int], ...]:
    # Outputs no wider than inputs are written behind what is read next.
    return ((0, 0),) if node.output.dtype.size <= node.input(0).dtype.size else ()


@dataclass(frozen=True)
class Quantize(Op):
    """round(x / scale) + zero point, from real numbers or from another quantization.

    Dtypes: float32 to int8 or int16; int8 to int8, uint8, int16 or int32; uint8 to int8; int16 to int8, int16 or int32;
    int32 to int8 or int16, as TFLM's QUANTIZE; float32 to uint8, uint8 to uint8 or int16, as LiteRT's. Per tensor. From
    float32, halves round away from zero, what is out of range saturates, and NaN becomes the zero point (TFLM leaves
    both to the C compiler).
    """

    tflite = (Builtin("QUANTIZE"),)
    types = (DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.FLOAT32)
    kernels = (
        Kernel("rescale", "rescale.h", fits=lambda node: not _from_float(node), in_place=_in_place),
        Kernel(
            "flip_sign",
            "flip_sign.h",
            fits=_flips_sign,
            params=lambda node: {"count": node.output.elements},
            in_place=_in_place,
        ),
        Kernel(
            "quantize_f32",
            "quantize_f32.h",
            fits=_from_float,
            params=lambda n: _affine(n.output),
            in_place=_in_place,
        ),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Quantize:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        if y.dtype not in _QUANTIZES.get(x.dtype, ()):
            pairs = "; ".join(f"{a.value} to {' or '.join(b.value for b in to)}" for a, to in _QUANTIZES.items())
            raise Unsupported(node, f"quantizes {x} to {y}", f"these are supported: {pairs}")
        _check_shapes(node)
        check_quant(node, y)
        if not _from_float(node):
            check_quant(node, x)
            multiplier(node, x.scale / y.scale)

    def flow(self, node: Node) -> Flow:
        return "by channel"

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        (x,) = inputs
        if x is None:
            return None
        every = every_value(node.input(0).dtype)
        return x.through(self.apply(node, every), int(every[0]))

    def params(self, node: Node) -> Params:
        x, y = node.input(0), node.output
        factor, shift = multiplier(node, x.scale / y.scale)
        info = np.iinfo(y.dtype.numpy)
        return {
            "count": x.elements,
            "x_size": x.dtype.size,
            "x_signed": int(x.dtype is not DType.UINT8),
            "y_size": y.dtype.size,
            "x_zero": x.zero_point,
            "y_zero": y.zero_point,
            "multiplier": factor,
            "shift": shift,
            "low": int(info.min),
            "high": int(info.max),
        }

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (self.apply(node, x),)

    def apply(self, node: Node, x: Array) -> Array:
        """What it makes of values of any shape, like its input's in type."""
        y = node.output
        info = np.iinfo(y.dtype.numpy)
        if _from_float(node):
            scaled = _nearest(x / np.float32(y.scale))
        else:
            factors = multiplier(node, node.input(0).scale / y.scale)
            scaled = requantize(x.astype(np.int64) - node.input(0).zero_point, *factors)
        wrapped = (scaled + y.zero_point).astype(np.int32)
        return np.asarray(np.clip(wrapped, info.min, info.max), y.dtype.numpy)

    def copies(self, node: Node) -> int | None:
        x, y = node.input(0), node.output
        if x.dtype is not y.dtype or x.dtype.size > 2 or (x.scale, x.zero_point) != (y.scale, y.zero_point):
            return None
        every = every_value(x.dtype)
        return 0 if np.array_equal(self.apply(node, every), every) else None


def every_value(dtype: DType) -> Array:
    """Every value of an integer type of one or two bytes."""
    info = np.iinfo(dtype.numpy)
    return np.arange(info.min, info.max + 1).astype(dtype.numpy)


def _nearest(x: Array) -> Array:
    """`motes_round` over arrays of float32: halves away from zero, limited to +-2**16, NaN to 0; int64."""
    inside = np.clip(np.nan_to_num(x, nan=0.0), -65536, 65536).astype(np.float32)
    rounded: Array = np.trunc(inside + np.copysign(np.float32(0.49999997), inside)).astype(np.int64)
    return rounded


@dataclass(frozen=True)
class Dequantize(Op):
    """scale * (x - zero point), in single precision; of float16 the same number.

    Dtypes: int8, uint8 or int16 to float32, as TFLM's DEQUANTIZE, which multiplies in double precision and rounds once:
    for these types that gives the same bits. With a scale for each slice along an axis, and from float16, as LiteRT's;
    TFLM takes the first scale for all slices.
    """

    tflite = (Builtin("DEQUANTIZE"),)
    types = (DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT16)
    kernels = (
        Kernel("dequantize", "dequantize.h", fits=lambda node: _per_tensor(node)),
        Kernel(
            "dequantize_slices",
            "dequantize_slices.h",
            fits=lambda node: not _is_half(node) and not _per_tensor(node),
            params=lambda node: _slices(node),
            form="shared",
            untyped=True,
        ),
        Kernel(
            "dequantize_f16",
            "dequantize_f16.h",
            fits=lambda node: _is_half(node),
            params=lambda node: {"count": node.output.elements},
            form="shared",
        ),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Dequantize:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        if x.dtype not in _DEQUANTIZES or y.dtype is not DType.FLOAT32:
            types = ", ".join(d.value for d in _DEQUANTIZES)
            raise Unsupported(node, f"dequantizes {x} to {y}", f"these are supported: {types} to float32")
        _check_shapes(node)
        if _is_half(node):
            return
        quant = x.quant
        if quant is None or quant.per_tensor or quant.axis is None:
            check_quant(node, x)
        elif len(quant.scale) != x.shape[quant.axis] or not all(math.isfinite(scale) for scale in quant.scale):
            raise BadInput(f"{node}: {x} has {len(quant.scale)} scales along axis {quant.axis}; {CONVERT_AGAIN}")

    def flow(self, node: Node) -> Flow:
        return "by channel" if _per_tensor(node) else "mixed"

    def params(self, node: Node) -> Params:
        return _affine(node.input(0))

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (self.apply(node, x),)

    def apply(self, node: Node, x: Array) -> Array:
        """What it makes of values of any shape, like its input's in type."""
        if _is_half(node):
            return x.astype(np.float32)
        quant = node.input(0).quant
        assert quant is not None, node
        along = [1] * x.ndim
        if not quant.per_tensor:
            along[quant.axis or 0] = -1
        zeros, scales = (np.array(v, t).reshape(along) for v, t in ((quant.zero_point, np.int32), (quant.scale, "f4")))
        return np.asarray(scales * (x.astype(np.int32) - zeros).astype(np.float32), np.float32)


def _is_half(node: Node) -> bool:
    return node.input(0).dtype is DType.FLOAT16


def _per_tensor(node: Node) -> bool:
    quant = node.input(0).quant
    return not _is_half(node) and quant is not None and quant.per_tensor


def _slices(node: Node) -> Params:
    x = node.input(0)
    assert x.quant is not None and x.quant.axis is not None, node
    return {
        "outer": math.prod(x.shape[: x.quant.axis]),
        "slices": x.shape[x.quant.axis],
        "inner": math.prod(x.shape[x.quant.axis + 1 :]),
        "size": x.dtype.size,
        "is_signed": int(x.dtype is not DType.UINT8),
        "scale": np.array(x.quant.scale, np.float32),
        "zero_point": np.array(x.quant.zero_point, np.int32),
    }


def _check_shapes(node: Node) -> None:
    if node.input(0).shape != node.output.shape:
        raise BadInput(f"{node}: {node.input(0)} does not give {node.output}; {CONVERT_AGAIN}")


def _affine(quantized: Tensor) -> Params:
    """The fields of both kernels between float32 and `quantized`."""
    return {
        "count": quantized.elements,
        "size": quantized.dtype.size,
        "is_signed": int(quantized.dtype is not DType.UINT8),
        "scale": quantized.scale,
        "zero_point": quantized.zero_point,
    }
