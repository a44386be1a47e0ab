"""GATHER, GATHER_ND and EMBEDDING_LOOKUP.

Indices may be computed. TensorFlow Lite stops with an error where one lies outside; here it is clamped to the nearest
that exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Quant, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity, check_quant
from motes.ops.movement import EVERY, check_indices, check_moved, check_shape, dense, positive_axis

_SHARED: Mapping[str, Any] = {"form": "shared", "untyped": True}


def _long(node: Node) -> bool:
    return node.input(1).dtype is DType.INT64


@dataclass(frozen=True)
class Gather(Op):
    """The slices of the first input along an axis that the second names; batches have indices of their own.

    Dtypes: all, indices int32 or int64. Source: TFLM's GATHER.
    """

    tflite = (Builtin("GATHER", {"axis": ("int", 0), "batch_dims": ("int", 0)}),)
    types = EVERY
    kernels = (
        Kernel("gather_s32", "gather.h", **_SHARED),
        Kernel("gather_s64", "gather.h", fits=_long, **_SHARED),
    )

    axis: int
    batch_dims: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Gather:
        return cls(options["axis"], options["batch_dims"])

    def _axes(self, node: Node) -> tuple[int, int]:
        """The axis, and how many before it are batches."""
        x, indices = node.input(0), node.input(1)
        batches = self.batch_dims + len(indices.shape) if self.batch_dims < 0 else self.batch_dims
        return positive_axis(node, self.axis, len(x.shape)), batches

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, indices = node.input(0), node.input(1)
        check_moved(node, x, node.output)
        check_indices(node, indices, None)
        axis, batches = self._axes(node)
        if not 0 <= batches <= min(axis, len(indices.shape)) or x.shape[:batches] != indices.shape[:batches]:
            raise BadInput(f"{node}: {batches} axes of {x} and {indices} are no common batch; {CONVERT_AGAIN}")
        check_shape(
            node, (*x.shape[:axis], *indices.shape[batches:], *x.shape[axis + 1 :]), f"gathering along axis {axis}"
        )

    def params(self, node: Node) -> Params:
        x = node.input(0)
        axis, batches = self._axes(node)
        return {
            "batches": math.prod(x.shape[:batches]),
            "outer": math.prod(x.shape[batches:axis]),
            "count": math.prod(node.input(1).shape[batches:]),
            "axis": x.shape[axis],
            "block": math.prod(x.shape[axis + 1 :]) * x.dtype.size,
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, indices = node.input(0).data, node.input(1).data
        if x is None or indices is None:
            return None
        axis, batches = self._axes(node)
        at = np.clip(indices, 0, x.shape[axis] - 1).reshape(*indices.shape[:batches], -1)
        rows = x.reshape(math.prod(x.shape[:batches]), *x.shape[batches:])
        found = [np.take(r, i, axis - batches) for r, i in zip(rows, at.reshape(len(rows), -1), strict=True)]
        return (np.stack(found).reshape(node.output.shape),)


@dataclass(frozen=True)
class GatherNd(Op):
    """The elements or slices of the first input that the rows of the second name, one index an axis.

    Dtypes: all, indices int32 or int64. Source: TFLM's GATHER_ND.
    """

    tflite = (Builtin("GATHER_ND"),)
    types = EVERY
    kernels = (
        Kernel("gather_nd_s32", "gather_nd.h", **_SHARED),
        Kernel("gather_nd_s64", "gather_nd.h", fits=_long, **_SHARED),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> GatherNd:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, indices = node.input(0), node.input(1)
        check_moved(node, x, node.output)
        check_indices(node, indices, None)
        if not indices.shape or indices.shape[-1] > len(x.shape):
            raise BadInput(f"{node}: {indices} does not tell places in {x}; {CONVERT_AGAIN}")
        check_shape(node, (*indices.shape[:-1], *x.shape[indices.shape[-1] :]), f"gathering from {x}")

    def params(self, node: Node) -> Params:
        x, indices = node.input(0), node.input(1)
        rank = indices.shape[-1]
        return {
            "count": indices.elements // rank,
            "rank": rank,
            "most": np.array([s - 1 for s in x.shape[:rank]], np.int32),
            "steps": np.array([s * x.dtype.size for s in dense(x.shape)[:rank]], np.int32),
            "block": math.prod(x.shape[rank:]) * x.dtype.size,
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, indices = node.input(0).data, node.input(1).data
        if x is None or indices is None:
            return None
        at = np.clip(indices, 0, np.array(x.shape[: indices.shape[-1]]) - 1)
        return (x[tuple(np.moveaxis(at, -1, 0))],)


@dataclass(frozen=True)
class EmbeddingLookup(Op):
    """The rows of the second input that the first, int32, names.

    Dtypes of the rows: all; int8 rows may become float32, multiplied by their scale, or each by its own. Source: TFLM's
    EMBEDDING_LOOKUP; a scale for each row: LiteRT's.
    """

    tflite = (Builtin("EMBEDDING_LOOKUP"),)
    types = EVERY
    typed = 1
    kernels = (
        Kernel("embedding", "gather.h", fits=lambda node: not _real(node), **_SHARED),
        Kernel(
            "embedding_s8_f32",
            "embedding_s8_f32.h",
            fits=lambda node: _real(node),
            params=lambda node: _real_params(node),
            form="shared",
        ),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> EmbeddingLookup:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        indices, rows, y = node.input(0), node.input(1), node.output
        if indices.dtype is not DType.INT32 or len(indices.shape) != 1:
            raise BadInput(f"{node}: {indices} is not int32 along one axis; {CONVERT_AGAIN}")
        if _real(node):
            if rows.quant is None or rows.quant.axis != 0 or not rows.shape:
                check_quant(node, rows)
            elif len(rows.quant.scale) != rows.shape[0]:
                raise BadInput(f"{node}: {rows} has {len(rows.quant.scale)} scales; {CONVERT_AGAIN}")
            if any(_quant(node).zero_point):
                raise Unsupported(node, f"{rows} has a zero point other than 0", CONVERT_AGAIN)
        else:
            check_moved(node, rows, y, types=EVERY)
        if len(rows.shape) < 2:
            raise BadInput(f"{node}: {rows} has no rows; {CONVERT_AGAIN}")
        check_shape(node, (*indices.shape, *rows.shape[1:]), f"looking up rows of {rows}")

    def params(self, node: Node) -> Params:
        indices, rows = node.input(0), node.input(1)
        return {
            "batches": 1,
            "outer": 1,
            "count": indices.elements,
            "axis": rows.shape[0],
            "block": rows.nbytes // rows.shape[0],
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        indices, rows = node.input(0).data, node.input(1).data
        if indices is None or rows is None:
            return None
        found = rows[np.clip(indices, 0, len(rows) - 1)]
        if not _real(node):
            return (found,)
        scales = np.resize(np.array(_quant(node).scale, np.float32), len(rows))[np.clip(indices, 0, len(rows) - 1)]
        return (scales.reshape(-1, *[1] * (found.ndim - 1)) * found.astype(np.float32),)


def _real(node: Node) -> bool:
    """Whether int8 rows become real numbers."""
    return (node.input(1).dtype, node.output.dtype) == (DType.INT8, DType.FLOAT32)


def _quant(node: Node) -> Quant:
    """One scale for all rows, or one for each."""
    quant = node.input(1).quant
    assert quant is not None, node
    return quant


def _real_params(node: Node) -> Params:
    rows = node.input(1)
    return {
        "count": node.input(0).elements,
        "rows": rows.shape[0],
        "columns": rows.elements // rows.shape[0],
        "apart": int(not _quant(node).per_tensor),
        "scales": np.array(_quant(node).scale, np.float32),
    }
