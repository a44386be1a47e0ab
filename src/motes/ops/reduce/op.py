"""MEAN, SUM, REDUCE_MAX, REDUCE_MIN, REDUCE_PROD, REDUCE_ANY and REDUCE_ALL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.intervals import Interval
from motes.ir import Array, DType, Kernel, Node, Params
from motes.ops.common import multiplier
from motes.ops.reduce.reduction import QUANTIZED, Reduction, count, kernels, loop_params, loops, reduced_axes, reducer
from motes.quant import requantize

_NUMBERS = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


def _in_fours(node: Node) -> bool:
    """Whether four neighbours at a time are summed, each over so few elements that 16 bits hold its sum."""
    kept, _ = loops(node.input(0).shape, reduced_axes(node))
    fours = bool(kept) and kept[-1][1] == 1 and kept[-1][0] % 4 == 0
    return node.input(0).dtype is DType.INT8 and fours and count(node) <= 256


_SUM_IN_FOURS = Kernel("reduce_sum_s8_dsp", "reduce_sum_s8_dsp.h", needs=frozenset({"dsp"}), fits=_in_fours)


@dataclass(frozen=True)
class Sum(Reduction):
    """The sum. Quantized values are summed less their zero point, modulo 2^32, and rescaled.

    Dtypes: int8, int16, float32; int32, which wraps. Source: TFLM's SUM; int32: LiteRT's.
    """

    tflite = reducer("SUM")
    types = _NUMBERS
    kernels = (
        *kernels(int8="reduce_sum_s8", int16="reduce_sum_s16", int32="reduce_sum_s32", float32="reduce_sum_f32"),
        _SUM_IN_FOURS,
    )
    alike = False

    def check(self, node: Node) -> None:
        super().check(node)
        if node.input(0).dtype in QUANTIZED:
            self.rescaling(node)

    def rescaling(self, node: Node) -> tuple[int, int]:
        """Multiplier and shift from sums to outputs."""
        return multiplier(node, node.input(0).scale / node.output.scale)

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        x, y = inputs[0], node.output
        if x is None or self.flow(node) == "mixed":
            return None
        factor, shift = self.rescaling(node)
        ends = [(side - node.input(0).zero_point) * count(node) for side in (x.low, x.high)]
        if max(int(np.abs(end).max()) for end in ends) << max(0, shift) >= 1 << 30:  # it may wrap
            return None
        low, high = (requantize(end, factor, shift) + y.zero_point for end in ends)
        info = np.iinfo(y.dtype.numpy)
        return Interval(low, high).clip(int(info.min), int(info.max))

    def params(self, node: Node) -> Params:
        x = node.input(0)
        if x.dtype not in QUANTIZED:
            return super().params(node)
        factor, shift = self.rescaling(node)
        offset = (-x.zero_point * count(node) + (1 << 31)) % (1 << 32) - (1 << 31)
        y_zero = node.output.zero_point
        return {**loop_params(node), "offset": offset, "multiplier": factor, "shift": shift, "y_zero": y_zero}

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.sum(axis=axes, dtype=np.int64)).astype(np.int32)


@dataclass(frozen=True)
class Mean(Sum):
    """The mean: the sum over the count, which quantized values have in their multiplier.

    Dtypes: int8, int16, float32; int32, truncated. Source: TFLM's MEAN; int32: LiteRT's.
    """

    tflite = reducer("MEAN")
    kernels = (
        *kernels(int8="reduce_sum_s8", int16="reduce_sum_s16", int32="reduce_mean_s32", float32="reduce_mean_f32"),
        _SUM_IN_FOURS,
    )

    def rescaling(self, node: Node) -> tuple[int, int]:
        # The multiplier is divided after a left shift that leaves it 31 bits; what is lost is TFLM's loss, too.
        factor, shift = super().rescaling(node)
        elements = count(node)
        left = min(elements.bit_length() - 1, 31 + shift)
        return (factor << left) // elements, shift - left

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        total = np.asarray(x.sum(axis=axes, dtype=np.int64))
        elements = x.size // total.size
        return np.asarray(np.sign(total) * (np.abs(total) // elements))


@dataclass(frozen=True)
class ReduceMax(Reduction):
    """The largest element; a NaN is never larger.

    Dtypes: int8, float32; int16, int32. Input and output are quantized alike. Source: TFLM's REDUCE_MAX; int16 and
    int32: LiteRT's.
    """

    tflite = reducer("REDUCE_MAX")
    types = _NUMBERS
    kernels = kernels(int8="reduce_max_s8", int16="reduce_max_s16", int32="reduce_max_s32", float32="reduce_max_f32")

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        return inputs[0] if self.flow(node) == "by channel" else None

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.max(axis=axes))


@dataclass(frozen=True)
class ReduceMin(Reduction):
    """The smallest element; a NaN is never smaller. Dtypes and source as for `ReduceMax`."""

    tflite = reducer("REDUCE_MIN")
    types = _NUMBERS
    kernels = kernels(int8="reduce_min_s8", int16="reduce_min_s16", int32="reduce_min_s32", float32="reduce_min_f32")

    def interval(self, node: Node, inputs: Sequence[Interval | None]) -> Interval | None:
        return inputs[0] if self.flow(node) == "by channel" else None

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.min(axis=axes))


@dataclass(frozen=True)
class ReduceProd(Reduction):
    """The product. Dtypes: int32, which wraps, and float32. Source: LiteRT's REDUCE_PROD; TFLM has none."""

    tflite = reducer("REDUCE_PROD")
    types = (DType.INT32, DType.FLOAT32)
    kernels = kernels(int32="reduce_prod_s32", float32="reduce_prod_f32")

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.prod(axis=axes, dtype=np.uint64)).astype(np.uint32).view(np.int32)


@dataclass(frozen=True)
class ReduceAny(Reduction):
    """Whether one is true. Dtypes: bool. Source: LiteRT's REDUCE_ANY; TFLM has none."""

    tflite = reducer("REDUCE_ANY")
    types = (DType.BOOL,)
    kernels = kernels(bool="reduce_any_b8")

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.any(axis=axes))


@dataclass(frozen=True)
class ReduceAll(Reduction):
    """Whether all are true. Dtypes: bool. Source: TFLM's REDUCE_ALL."""

    tflite = reducer("REDUCE_ALL")
    types = (DType.BOOL,)
    kernels = kernels(bool="reduce_all_b8")

    def reduce(self, x: Array, axes: tuple[int, ...]) -> Array:
        return np.asarray(x.all(axis=axes))
