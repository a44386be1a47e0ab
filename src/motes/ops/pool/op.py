"""AVERAGE_POOL_2D and MAX_POOL_2D for int8."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import Builtin, DType, Kernel
from motes.ops.pool.pool2d import POOL2D_OPTIONS, Pool2D, in_fours, largest_window


@dataclass(frozen=True)
class AveragePool2D(Pool2D):
    """The mean of each window, halves rounded away from zero; what lies outside the input does not count.

    Dtypes: int8, input and output quantized alike, shapes (batch, height, width, channels).
    Source: TFLM's reference AVERAGE_POOL_2D.
    """

    tflite = (Builtin("AVERAGE_POOL_2D", POOL2D_OPTIONS),)
    types = (DType.INT8,)
    kernels = (
        Kernel("average_pool_s8", "average_pool_s8.h"),
        Kernel(
            "average_pool_s8_dsp",
            "average_pool_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: in_fours(node) and largest_window(node) <= 256,
        ),
    )


@dataclass(frozen=True)
class MaxPool2D(Pool2D):
    """The largest value of each window.

    Dtypes: int8, input and output quantized alike, shapes (batch, height, width, channels).
    Source: TFLM's reference MAX_POOL_2D.
    """

    tflite = (Builtin("MAX_POOL_2D", POOL2D_OPTIONS),)
    types = (DType.INT8,)
    kernels = (
        Kernel("max_pool_s8", "max_pool_s8.h"),
        Kernel("max_pool_s8_dsp", "max_pool_s8_dsp.h", needs=frozenset({"dsp"}), fits=in_fours),
    )
