"""ARG_MAX, ARG_MIN and TOPK_V2."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Option, Params, Tensor
from motes.operands import lists_of_axes
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8, check_arity, check_constant

_OUTPUT_TYPE: Mapping[str, tuple[Option, Any]] = {"output_type": ("byte", 0)}


def _kernels(source: str, **functions: str) -> tuple[Kernel, ...]:
    """Kernels of a header by the type they serve."""
    return tuple(_serving(DType(name), function, source) for name, function in functions.items())


def _arg_kernels(**functions: str) -> tuple[Kernel, ...]:
    """The same, each for indices of 32 bits and of 64."""
    wide = (_serving(DType(name), f"{f}_s64", "arg.h", DType.INT64) for name, f in functions.items())
    return (*(_serving(DType(name), f, "arg.h", DType.INT32) for name, f in functions.items()), *wide)


def _serving(dtype: DType, function: str, source: str, indices: DType | None = None) -> Kernel:
    def fits(node: Node) -> bool:
        return node.input(0).dtype is dtype and indices in (None, node.outputs[0].dtype)

    return Kernel(function, source, fits=fits)


def _check_type(node: Node) -> None:
    x, types = node.input(0), node.op.types
    if x.dtype not in types:
        raise Unsupported(node, f"{x} is not {' or '.join(dtype.value for dtype in types)}", CONVERT_TO_INT8)


def _constant(node: Node, what: str) -> int:
    """The one value of the second input, a constant."""
    tensor = node.input(1)
    check_constant(node, tensor)
    assert tensor.data is not None
    if tensor.dtype not in (DType.INT32, DType.INT64) or tensor.elements != 1:
        raise BadInput(f"{node}: {what}, {tensor}, is not one int32; {CONVERT_AGAIN}")
    return int(tensor.data.ravel()[0])


@dataclass(frozen=True)
class Arg(Op):
    """The index of the largest or smallest element along an axis, the first of equal ones.

    Dtypes: int8 and float32, uint8 and int32, to int32 or int64. The axis is a constant. Source: TFLM's ARG_MAX and
    ARG_MIN; uint8, int32 and indices of int64: LiteRT's. Scales do not matter.
    """

    types = (DType.INT8, DType.UINT8, DType.INT32, DType.FLOAT32)
    folded = (1,)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        _check_type(node)
        x, y, axis = node.input(0), node.output, self._axis(node)
        if y.dtype not in (DType.INT32, DType.INT64):
            raise Unsupported(node, f"its output, {y}, is not int32 or int64", "ask for output_type=tf.int32")
        kept = x.shape[:axis] + x.shape[axis + 1 :]
        if y.shape not in (kept, kept or (1,)):
            raise BadInput(f"{node}: {x} along axis {axis} does not give {y}; {CONVERT_AGAIN}")

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return ({1: axes} for axes in lists_of_axes(node.input(1), len(node.input(0).shape)))

    def _axis(self, node: Node) -> int:
        axis, rank = _constant(node, "its axis"), len(node.input(0).shape)
        if not -rank <= axis < rank:
            raise BadInput(f"{node}: {axis} is not an axis of {node.input(0)}; {CONVERT_AGAIN}")
        return axis % rank

    def params(self, node: Node) -> Params:
        shape, axis = node.input(0).shape, self._axis(node)
        return {"outer": math.prod(shape[:axis]), "depth": shape[axis], "inner": math.prod(shape[axis + 1 :])}


@dataclass(frozen=True)
class ArgMax(Arg):
    """The index of the largest element along an axis."""

    tflite = (Builtin("ARG_MAX", _OUTPUT_TYPE),)
    kernels = _arg_kernels(int8="arg_max_s8", uint8="arg_max_u8", int32="arg_max_s32", float32="arg_max_f32")


@dataclass(frozen=True)
class ArgMin(Arg):
    """The index of the smallest element along an axis."""

    tflite = (Builtin("ARG_MIN", _OUTPUT_TYPE),)
    kernels = _arg_kernels(int8="arg_min_s8", uint8="arg_min_u8", int32="arg_min_s32", float32="arg_min_f32")


@dataclass(frozen=True)
class TopK(Op):
    """The k largest elements of each row of the last axis, from the largest down, and where they were.

    Dtypes: int8, int16, int32 and float32; int32 for k, a constant, and the indices. Source: LiteRT's TOPK_V2; TFLM
    has none.
    """

    tflite = (Builtin("TOPK_V2"),)
    types = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
    folded = (1,)
    kernels = _kernels("top_k.h", int8="top_k_s8", int16="top_k_s16", int32="top_k_s32", float32="top_k_f32")

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        return cls()

    def check(self, node: Node) -> None:
        if len(node.inputs) != 2 or None in node.inputs or len(node.outputs) != 2:
            raise BadInput(f"{node}: has {len(node.inputs)} inputs and {len(node.outputs)} outputs, not 2 and 2")
        _check_type(node)
        x, k = node.input(0), _constant(node, "its k")
        values, indices = node.outputs
        if not x.shape or not 1 <= k <= x.shape[-1]:
            raise BadInput(f"{node}: {x} has no {k} elements in a row; {CONVERT_AGAIN}")
        wanted = (*x.shape[:-1], k)
        if values.shape != wanted or indices.shape != wanted or values.dtype is not x.dtype:
            raise BadInput(f"{node}: the {k} largest of {x} are not {values} and {indices}; {CONVERT_AGAIN}")
        if indices.dtype is not DType.INT32:
            raise Unsupported(node, f"its indices, {indices}, are not int32", CONVERT_AGAIN)

    def params(self, node: Node) -> Params:
        depth = node.input(0).shape[-1]
        return {"rows": node.input(0).elements // depth, "depth": depth, "k": _constant(node, "its k")}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None or x.dtype != np.int32:
            return None
        # A stable order of the negated keeps the first of equal ones first.
        order = np.argsort(-x.astype(np.int64), axis=-1, kind="stable")[..., : _constant(node, "its k")]
        return np.ascontiguousarray(np.take_along_axis(x, order, axis=-1)), order.astype(np.int32)
