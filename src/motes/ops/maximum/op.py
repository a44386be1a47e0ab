"""MAXIMUM and MINIMUM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.broadcast import Elementwise, in_place, is_type

NAMES = {
    DType.INT8: "s8",
    DType.UINT8: "u8",
    DType.INT16: "s16",
    DType.INT32: "s32",
    DType.INT64: "s64",
    DType.FLOAT32: "f32",
}
"""How kernels call the types that are served."""


@dataclass(frozen=True)
class Maximum(Elementwise):
    """The larger (MINIMUM: the smaller) of a and b, elementwise; where neither is, as with NaN, it is b.

    Axes of size 1, or missing in front, are repeated. Dtypes: int8, uint8, int16, int32, int64, float32; quantized
    numbers are compared as they are stored, whatever their scales. Source: TFLM's reference; for uint8 LiteRT's.
    """

    tflite = (Builtin("MAXIMUM"), Builtin("MINIMUM"))
    types = tuple(NAMES)
    quantized = ()
    monotonic = True
    kernels = tuple(
        Kernel(f"maximum_{name}", "maximum.h", fits=is_type(dtype), in_place=in_place) for dtype, name in NAMES.items()
    )

    largest: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Maximum:
        return cls(name == "MAXIMUM")

    @property
    def title(self) -> str:
        return "MAXIMUM" if self.largest else "MINIMUM"

    def params(self, node: Node) -> Params:
        return {**super().params(node), "largest": int(self.largest)}

    def compute(self, node: Node, *inputs: Array) -> Array:
        a, b = inputs
        return np.where(a > b if self.largest else a < b, a, b)
