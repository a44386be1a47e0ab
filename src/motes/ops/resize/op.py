"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.

Which rows and columns an output sees, and with what weights, depends on sizes alone: it is computed here, and lies in
tables beside the code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Option, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity, check_quant
from motes.ops.movement import EVERY, check_moved, constant_indices

OPTIONS: Mapping[str, tuple[Option, Any]] = {
    "align_corners": ("bool", False),
    "half_pixel_centers": ("bool", False),
}
"""The last fields of ResizeNearestNeighborOptions in schema.fbs, and of ResizeBilinearOptions behind two removed."""

LONGEST = (1 << 16) - 1
"""Rows or columns that a table of uint16 can name."""

ONE = 1 << 10
"""The weight 1 of integers."""

_F32 = np.float32


@dataclass(frozen=True)
class Resize(Op):
    """An image (batch, height, width, channels) with the height and width that the second input, a constant, names.

    `align_corners`: the first and last elements of input and output lie on each other. `half_pixel_centers`: elements
    are areas, and have their value in the middle.
    """

    align_corners: bool
    half_pixel_centers: bool

    folded = (1,)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls(options["align_corners"], options["half_pixel_centers"])

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        if len(x.shape) != 4:
            raise BadInput(f"{node}: {x} is not (batch, height, width, channels); {CONVERT_AGAIN}")
        size = [int(v) for v in constant_indices(node, 1)]
        if len(size) != 2 or y.shape != (x.shape[0], *size, x.shape[3]):
            raise BadInput(f"{node}: resizing {x} to {size} does not give {y}; {CONVERT_AGAIN}")
        if max(*x.shape[1:3], *size) > LONGEST:
            raise Unsupported(node, f"more than {LONGEST:,} rows or columns", "resize smaller images")

    def flow(self, node: Node) -> Flow:
        return "by channel"

    def positions(self, count: int) -> Array:
        """The numbers 0 .. count - 1 of outputs along an axis, in single precision."""
        return np.arange(count, dtype=_F32)

    def scale(self, size: int, made: int) -> np.float32:
        """Inputs for each output along an axis."""
        if self.align_corners and made > 1:
            return _F32(size - 1) / _F32(made - 1)
        return _F32(size) / _F32(made)


@dataclass(frozen=True)
class ResizeNearestNeighbor(Resize):
    """The element that lies nearest, by TFLM's arithmetic in single precision.

    Dtypes: all but int64. Source: TFLM's RESIZE_NEAREST_NEIGHBOR; types other than int8, int16 and float32: LiteRT's.
    """

    tflite = (Builtin("RESIZE_NEAREST_NEIGHBOR", OPTIONS),)
    types = tuple(dtype for dtype in EVERY if dtype is not DType.INT64)
    kernels = (Kernel("resize_nearest", "resize_nearest.h", form="shared", untyped=True),)

    def nearest(self, size: int, made: int) -> Array:
        """The element of `size` that each of `made` is."""
        offset = _F32(0.5 if self.half_pixel_centers else 0)
        at = (self.positions(made) + offset) * self.scale(size, made)
        # Halves are rounded up; nothing is negative.
        rounded = np.floor(at.astype(np.float64) + 0.5) if self.align_corners else np.floor(at)
        return np.minimum(rounded.astype(np.int64), size - 1).astype(np.uint16)

    def params(self, node: Node) -> Params:
        (batch, height, width, channels), made = node.input(0).shape, node.output.shape
        return {
            "batch": batch,
            "in_h": height,
            "in_w": width,
            "out_h": made[1],
            "out_w": made[2],
            "block": channels * node.output.dtype.size,
            "rows": self.nearest(height, made[1]),
            "columns": self.nearest(width, made[2]),
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, made = node.input(0), node.output.shape
        if x.data is None:
            return None
        return (x.data[:, self.nearest(x.shape[1], made[1])][:, :, self.nearest(x.shape[2], made[2])],)


@dataclass(frozen=True)
class ResizeBilinear(Resize):
    """The mean of the four elements around, each weighted by how near it is.

    Integers have weights in 1/1024 along each axis, and means whose halves are rounded away from zero.

    Dtypes: int8, float32; int16. Scales and zero points do not matter. Source: TFLM's RESIZE_BILINEAR; int16: LiteRT's.
    """

    tflite = (Builtin("RESIZE_BILINEAR", {"new_height": ("int", 0), "new_width": ("int", 0), **OPTIONS}),)
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    kernels = (
        Kernel("resize_bilinear_s8", "resize_bilinear.h", fits=lambda node: node.output.dtype is DType.INT8),
        Kernel("resize_bilinear_s16", "resize_bilinear.h", fits=lambda node: node.output.dtype is DType.INT16),
        Kernel("resize_bilinear_f32", "resize_bilinear.h", fits=lambda node: node.output.dtype is DType.FLOAT32),
    )

    def check(self, node: Node) -> None:
        super().check(node)
        x, y = node.input(0), node.output
        if self.align_corners and self.half_pixel_centers:
            raise BadInput(f"{node}: aligns corners and has half-pixel centers, which exclude each other; choose one")
        if x.dtype is not DType.FLOAT32:
            check_quant(node, x)
            check_quant(node, y)

    def parts(self, node: Node, axis: int) -> tuple[Array, Array]:
        """For each output along an axis: the first of two neighbours, and the weight of the second."""
        size, made = node.input(0).shape[axis], node.output.shape[axis]
        if node.output.dtype is not DType.FLOAT32:
            return self._whole_parts(size, made)
        half = _F32(0.5 if self.half_pixel_centers else 0)
        at = (self.positions(made) + half) * self.scale(size, made) - half
        low = np.clip(np.floor(at), 0, size - 1).astype(np.uint16)
        return low, at - low.astype(_F32)

    def _whole_parts(self, size: int, made: int) -> tuple[Array, Array]:
        gaps = self.align_corners and made > 1
        inputs, outputs = (size - 1, made - 1) if gaps else (size, made)
        scale = (ONE * inputs + outputs // 2) // outputs
        at = np.arange(made) * scale + (scale // 2 - ONE // 2 if self.half_pixel_centers else 0)
        low = np.clip(at // ONE, 0, size - 1)
        # Where both neighbours are one element, its weights add up to 1 whatever they are.
        alone = (at < 0) | (low == size - 1)
        return low.astype(np.uint16), np.where(alone, 0, at - ONE * low).astype(np.uint16)

    def params(self, node: Node) -> Params:
        (batch, height, width, channels), made = node.input(0).shape, node.output.shape
        rows, row_parts = self.parts(node, 1)
        columns, column_parts = self.parts(node, 2)
        return {
            "batch": batch,
            "in_h": height,
            "in_w": width,
            "channels": channels,
            "out_h": made[1],
            "out_w": made[2],
            "rows": rows,
            "row_parts": row_parts,
            "columns": columns,
            "column_parts": column_parts,
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None:
            return None
        low, v = self.parts(node, 1)
        left, u = self.parts(node, 2)
        high = np.minimum(low + (v > 0), x.shape[1] - 1)
        right = np.minimum(left + (u > 0), x.shape[2] - 1)
        if x.dtype == _F32:
            one: Any = _F32(1)
        else:
            one, x, u, v = ONE, x.astype(np.int64), u.astype(np.int64), v.astype(np.int64)
        v, u = v[:, np.newaxis, np.newaxis], u[:, np.newaxis]
        upper, lower = x[:, low], x[:, high]
        total = (
            upper[:, :, left] * (one - v) * (one - u)
            + lower[:, :, left] * v * (one - u)
            + upper[:, :, right] * (one - v) * u
            + lower[:, :, right] * v * u
        )
        if x.dtype == _F32:
            return (total + _F32(0),)
        half = ONE * ONE // 2
        mean = np.sign(total) * ((np.abs(total) + half) // (ONE * ONE))
        return (mean.astype(node.output.dtype.numpy),)
