"""POW."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import Array, Builtin, DType, Kernel, Node
from motes.ops.broadcast import Elementwise, in_place, is_type


@dataclass(frozen=True)
class Pow(Elementwise):
    """a to the power of b, elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: float32, as C's pow; int32, wrapping, and 0 with a negative exponent, where LiteRT stops. Source: LiteRT's
    POW; TFLM has none.
    """

    tflite = (Builtin("POW"),)
    types = (DType.INT32, DType.FLOAT32)
    ulp = 1
    kernels = (
        Kernel("power_s32", "power.h", fits=is_type(DType.INT32), in_place=in_place, form="shared"),
        Kernel("power_f32", "power.h", fits=is_type(DType.FLOAT32), in_place=in_place, form="shared"),
    )

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        return None  # NumPy's powers are not the kernel's to the last bit
