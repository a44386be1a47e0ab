"""AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from motes.ir import Builtin, DType, Kernel, Node
from motes.ops.pool.pool2d import POOL2D_OPTIONS, Pool2D, in_fours, largest_window


def _is(dtype: DType) -> Callable[[Node], bool]:
    return lambda node: node.input(0).dtype is dtype


@dataclass(frozen=True)
class AveragePool2D(Pool2D):
    """The mean of each window, halves rounded away from zero; what lies outside the input does not count.

    Dtypes: int8, int16 and float32, shapes (batch, height, width, channels); input and output quantized alike.
    Source: TFLM's reference AVERAGE_POOL_2D.
    """

    tflite = (Builtin("AVERAGE_POOL_2D", POOL2D_OPTIONS),)
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    kernels = (
        Kernel("average_pool_s8", "average_pool.h", fits=_is(DType.INT8)),
        Kernel("average_pool_s16", "average_pool.h", fits=_is(DType.INT16)),
        Kernel("average_pool_f32", "average_pool.h", fits=_is(DType.FLOAT32)),
        Kernel(
            "average_pool_s8_dsp",
            "average_pool_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: _is(DType.INT8)(node) and in_fours(node) and largest_window(node) <= 256,
        ),
        Kernel(
            "average_pool_s8_mve",
            "pool_s8_mve.h",
            needs=frozenset({"mve"}),
            fits=lambda node: _is(DType.INT8)(node) and largest_window(node) <= 256,
        ),
    )


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """The largest value of each window.

    Dtypes: int8, int16 and float32, shapes (batch, height, width, channels); input and output quantized alike.
    Source: TFLM's reference MAX_POOL_2D.
    """

    tflite = (Builtin("MAX_POOL_2D", POOL2D_OPTIONS),)
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    kernels = (
        Kernel("max_pool_s8", "max_pool.h", fits=_is(DType.INT8)),
        Kernel("max_pool_s16", "max_pool.h", fits=_is(DType.INT16)),
        Kernel("max_pool_f32", "max_pool.h", fits=_is(DType.FLOAT32)),
        Kernel(
            "max_pool_s8_dsp",
            "max_pool_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: _is(DType.INT8)(node) and in_fours(node),
        ),
        Kernel("max_pool_s8_mve", "pool_s8_mve.h", needs=frozenset({"mve"}), fits=_is(DType.INT8)),
    )


@dataclass(frozen=True)
class L2Pool2D(Pool2D):
    """The root of the mean square of each window.

    Dtypes: float32, shapes (batch, height, width, channels). Source: TFLM's reference L2_POOL_2D.
    """

    tflite = (Builtin("L2_POOL_2D", POOL2D_OPTIONS),)
    types = (DType.FLOAT32,)
    kernels = (Kernel("l2_pool_f32", "l2_pool_f32.h"),)
