"""CAST."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.common import row_by_row
from motes.ops.pointwise import check_pointwise

_SIGNED = (DType.INT8, DType.INT16, DType.INT32, DType.INT64)
_TYPES = (*_SIGNED, DType.UINT8, DType.UINT16, DType.UINT32, DType.BOOL, DType.FLOAT32)


def _between(inputs: Sequence[DType], outputs: Sequence[DType]) -> Callable[[Node], bool]:
    return lambda node: node.input(0).dtype in inputs and node.output.dtype in outputs


def _in_place(node: Node) -> tuple[tuple[int, int], ...]:
    # Outputs no wider than inputs are written behind what is read next.
    return ((0, 0),) if node.output.dtype.size <= node.input(0).dtype.size else ()


def _same(node: Node) -> bool:
    """Whether not a bit changes."""
    x, y = node.input(0).dtype, node.output.dtype
    whole = DType.FLOAT32 not in (x, y) and x.size == y.size
    return x is y or (whole and y is not DType.BOOL)


_INTEGERS = tuple(dtype for dtype in _TYPES if dtype is not DType.FLOAT32)
_NARROW = tuple(dtype for dtype in _INTEGERS if dtype.size < 8)


@dataclass(frozen=True)
class Cast(Op):
    """The same numbers in another type; a bool is 0 or 1, and any number but 0 is true.

    Of integers too wide the lower bits stay. Floats are rounded towards 0; those beyond 32 bits (64 where the output is
    int64 or uint32) saturate before that, and NaN is 0: TFLM leaves both to the C compiler. Dtypes: float32, int8,
    int16, int32, uint32 and bool to each other as TFLM's CAST; uint8, uint16 and int64 as LiteRT's.
    """

    tflite = (Builtin("CAST", {"in_data_type": ("byte", 0), "out_data_type": ("byte", 0)}),)
    types = _TYPES
    kernels = (
        Kernel("cast_integers", "cast.h", fits=_between(_NARROW, _NARROW), in_place=_in_place),
        Kernel("cast_from_s64", "cast.h", fits=_between((DType.INT64,), _NARROW), in_place=_in_place),
        Kernel("cast_to_s64", "cast.h", fits=_between(_NARROW, (DType.INT64,))),
        Kernel("cast_b8", "cast.h", fits=_between(_INTEGERS, (DType.BOOL,)), in_place=_in_place),
        Kernel("cast_to_f32", "cast.h", fits=_between(_INTEGERS, (DType.FLOAT32,)), in_place=_in_place),
        Kernel("cast_from_f32", "cast.h", fits=_between((DType.FLOAT32,), _NARROW), in_place=_in_place),
        Kernel("cast_f32_u32", "cast.h", fits=_between((DType.FLOAT32,), (DType.UINT32,)), in_place=_in_place),
        Kernel("cast_f32_s64", "cast.h", fits=_between((DType.FLOAT32,), (DType.INT64,))),
        Kernel("cast_f32_b8", "cast.h", fits=_between((DType.FLOAT32,), (DType.BOOL,)), in_place=_in_place),
        Kernel("cast_same", "cast.h", fits=_same, params=lambda node: {"bytes": node.output.nbytes}),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Cast:
        return cls()

    def check(self, node: Node) -> None:
        check_pointwise(node, self.types)
        if node.output.dtype not in self.types:
            known = ", ".join(dtype.value for dtype in self.types)
            raise Unsupported(node, f"{node.output} is not one of {known}", "cast to one of these types")

    def params(self, node: Node) -> Params:
        x, y = node.input(0), node.output
        return {
            "count": y.elements,
            "x_size": x.dtype.size,
            "x_signed": int(x.dtype in _SIGNED),
            "y_size": y.dtype.size,
        }

    def flow(self, node: Node) -> Flow:
        return "by channel"

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, y = node.input(0).data, node.output.dtype
        if x is None:
            return None
        if x.dtype != np.float32 or y in (DType.FLOAT32, DType.BOOL):
            return (x.astype(y.numpy),)
        bits = 64 if y in (DType.INT64, DType.UINT32) else 32
        least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        inside = (x >= least) & (x < most)
        whole = np.where(inside, x, np.float32(0)).astype(np.int64)
        return (np.where(inside | np.isnan(x), whole, np.where(x < 0, least, most)).astype(y.numpy),)

    def copies(self, node: Node) -> int | None:
        return 0 if node.input(0).dtype is node.output.dtype else None
