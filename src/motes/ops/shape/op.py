"""SHAPE, RANK, FILL, BROADCAST_TO, BROADCAST_ARGS, TILE and ONE_HOT."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity
from motes.ops.movement import (
    EVERY,
    INDICES,
    Axis,
    Copy,
    StridedCopy,
    check_copy,
    check_indices,
    check_moved,
    check_shape,
    constant_indices,
    dense,
    positive_axis,
    read,
    values,
)

_SHARED: Mapping[str, Any] = {"form": "shared", "untyped": True}

_MORE = (*EVERY, DType.UINT32, DType.UINT64)
"""The types of SHAPE, RANK and BROADCAST_TO, for TFLM does not look at them."""


@dataclass(frozen=True)
class Shape(Op):
    """SHAPE: the input's sizes; RANK: how many there are. Known when the model is compiled.

    Dtypes: of the input all, of the output int32 or int64. Source: TFLM's SHAPE, TensorFlow Lite's RANK.
    """

    tflite = (Builtin("SHAPE", {"out_type": ("byte", 0)}), Builtin("RANK"))
    types = _MORE
    kernels = (Kernel("known", "known.h", **_SHARED),)

    rank: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Shape:
        return cls(name == "RANK")

    @property
    def title(self) -> str:
        return "RANK" if self.rank else "SHAPE"

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x = node.input(0)
        check_moved(node, x)
        check_indices(node, node.output, None)
        check_shape(node, () if self.rank else (len(x.shape),), f"its input {x}")

    def _values(self, node: Node) -> Array:
        shape = node.input(0).shape
        return np.array(len(shape) if self.rank else shape, node.output.dtype.numpy)

    def params(self, node: Node) -> Params:
        return {"values": self._values(node), "bytes": node.output.nbytes}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        return (self._values(node),)


@dataclass(frozen=True)
class Fill(Op):
    """A tensor of the shape in the first input, a constant, with the value of the second everywhere.

    Dtypes: of the shape int32 and int64, of the value all. Source: TFLM's FILL.
    """

    tflite = (Builtin("FILL"),)
    types = EVERY
    typed = 1
    folded = (0,)
    kernels = (Kernel("fill_value", "fill_value.h", **_SHARED),)
    limits = "constant shape"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Fill:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        value = node.input(1)
        check_moved(node, value, node.output, types=EVERY)
        check_shape(node, constant_indices(node, 0).tolist(), "its first input")
        if value.elements != 1:
            raise BadInput(f"{node}: fills with {value}, which is not one value; {CONVERT_AGAIN}")

    def params(self, node: Node) -> Params:
        return {"bytes": node.output.nbytes, "size": node.output.dtype.size}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        value = node.input(1).data
        return None if value is None else (np.full(node.output.shape, value.ravel()[0]),)


@dataclass(frozen=True)
class BroadcastTo(StridedCopy):
    """The input repeated along axes of size 1, and along new ones in front, to the shape in the second, a constant.

    Dtypes: all. Source: TFLM's BROADCAST_TO.
    """

    tflite = (Builtin("BROADCAST_TO"),)
    types = _MORE
    folded = (1,)
    limits = "constant shape"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> BroadcastTo:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        check_shape(node, constant_indices(node, 1).tolist(), "its second input")
        pairs = list(zip(x.shape[::-1], y.shape[::-1], strict=False))
        if len(x.shape) > len(y.shape) or any(a not in (1, b) for a, b in pairs):
            raise BadInput(f"{node}: {x} cannot be repeated to {y}; {CONVERT_AGAIN}")
        check_copy(node, self.copy(node))

    def copy(self, node: Node) -> Copy:
        x, y = node.input(0), node.output
        steps = [0 if size == 1 else step for size, step in zip(x.shape, dense(x.shape), strict=True)]
        return read(y.shape, [0] * (len(y.shape) - len(x.shape)) + steps)


@dataclass(frozen=True)
class Tile(StridedCopy):
    """The input repeated along each axis as often as the second, a constant, says.

    Dtypes: all. Source: TensorFlow Lite's TILE.
    """

    tflite = (Builtin("TILE"),)
    types = EVERY
    folded = (1,)
    limits = "constant counts"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Tile:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        counts = constant_indices(node, 1).tolist()
        if len(counts) != len(x.shape) or any(c < 1 for c in counts):
            raise BadInput(f"{node}: {x} cannot be repeated {counts} times; {CONVERT_AGAIN}")
        check_shape(node, [s * c for s, c in zip(x.shape, counts, strict=True)], f"repeating {x} {counts} times")
        check_copy(node, self.copy(node))

    def copy(self, node: Node) -> Copy:
        x, y = node.input(0), node.output
        axes = []
        for size, count, from_step, to_step in zip(
            x.shape, values(node, 1), dense(x.shape), dense(y.shape), strict=True
        ):
            axes += [Axis(count, 0, size * to_step), Axis(size, from_step, to_step)]
        return Copy(tuple(axes))


@dataclass(frozen=True)
class BroadcastArgs(Op):
    """The shape to which two shapes are broadcast together.

    Dtypes: int32, int64. Sizes that do not fit give the second one's, as in TFLM. Source: TFLM's BROADCAST_ARGS.
    """

    tflite = (Builtin("BROADCAST_ARGS"),)
    types = INDICES
    kernels = (
        Kernel("broadcast_args_s32", "broadcast_args.h"),
        Kernel("broadcast_args_s64", "broadcast_args.h", fits=lambda node: node.output.dtype is DType.INT64),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> BroadcastArgs:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        a, b = node.input(0), node.input(1)
        check_moved(node, a, b, node.output)
        check_indices(node, a)
        check_indices(node, b)
        check_shape(node, (max(a.elements, b.elements),), f"broadcasting {a} and {b}")

    def params(self, node: Node) -> Params:
        return {"a": node.input(0).elements, "b": node.input(1).elements}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        a, b = node.input(0).data, node.input(1).data
        if a is None or b is None:
            return None
        wide = [np.concatenate([np.zeros(node.output.elements - len(v), v.dtype), v]) for v in (a, b)]
        return (np.where((wide[1] == 0) | ((wide[1] == 1) & (wide[0] != 0)), *wide),)


@dataclass(frozen=True)
class OneHot(Op):
    """For each index a new axis as long as the second input says: the third at the index, the fourth elsewhere.

    Dtypes: of the index int32 and int64, of the values int8, uint8, int32, int64, float32, bool. An index that is not
    on the axis gives the fourth everywhere. Source: TensorFlow Lite's ONE_HOT.
    """

    tflite = (Builtin("ONE_HOT", {"axis": ("int", 0)}),)
    types = tuple(t for t in EVERY if t is not DType.INT16)
    typed = 2
    folded = (1,)
    kernels = (
        Kernel("one_hot_s32", "one_hot.h", **_SHARED),
        Kernel("one_hot_s64", "one_hot.h", fits=lambda node: node.input(0).dtype is DType.INT64, **_SHARED),
    )
    limits = "constant depth"

    axis: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> OneHot:
        return cls(options["axis"])

    def _axis(self, node: Node) -> int:
        rank = len(node.input(0).shape)
        return rank if self.axis == -1 else positive_axis(node, self.axis, rank + 1)

    def check(self, node: Node) -> None:
        check_arity(node, 4, 4)
        indices, on, off = node.input(0), node.input(2), node.input(3)
        check_indices(node, indices, None)
        check_moved(node, on, off, node.output, types=tuple(t for t in EVERY if t is not DType.INT16))
        depth = constant_indices(node, 1, None).ravel().tolist()
        if not on.elements == off.elements == len(depth) == 1:
            raise BadInput(f"{node}: its depth and values are not one each; {CONVERT_AGAIN}")
        axis = self._axis(node)
        check_shape(node, [*indices.shape[:axis], depth[0], *indices.shape[axis:]], f"a depth of {depth[0]}")

    def params(self, node: Node) -> Params:
        shape, axis = node.output.shape, self._axis(node)
        return {
            "outer": math.prod(shape[:axis]),
            "depth": shape[axis],
            "inner": math.prod(shape[axis + 1 :]),
            "size": node.output.dtype.size,
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        indices, on, off = node.input(0).data, node.input(2).data, node.input(3).data
        if indices is None or on is None or off is None:
            return None
        axis = self._axis(node)
        depth = np.arange(node.output.shape[axis]).reshape(-1, *(1,) * (indices.ndim - axis))
        return (np.where(np.expand_dims(indices, axis) == depth, on.ravel()[0], off.ravel()[0]),)
