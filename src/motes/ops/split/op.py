"""SPLIT, SPLIT_V and UNPACK."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN
from motes.ops.movement import EVERY, check_indices, check_moved, constant_indices, positive_axis, values

KERNELS = (Kernel("split", "split.h", form="shared", untyped=True, listed="outputs"),)
_PARTED = tuple(t for t in EVERY if t is not DType.BOOL)


def _parted(node: Node, x: Tensor, axis: int) -> Params:
    """The parameters for outputs whose rows, from `axis` on, lie side by side in the input's."""
    rows = math.prod(x.shape[:axis])
    return {
        "parts": len(node.outputs),
        "rows": rows,
        "blocks": np.array([t.nbytes // rows for t in node.outputs], np.int32),
        "row": x.nbytes // rows,
    }


def _check_ends(node: Node, inputs: int) -> None:
    if len(node.inputs) != inputs or None in node.inputs or not node.outputs:
        raise BadInput(
            f"{node}: has {len(node.inputs)} inputs and {len(node.outputs)} outputs, "
            f"not {inputs} and at least 1; {CONVERT_AGAIN}"
        )


def _constant_axis(node: Node, index: int, x: Tensor) -> int:
    tensor = node.input(index)
    check_indices(node, tensor, None)
    axis = constant_indices(node, index, None).ravel().tolist()
    if len(axis) != 1:
        raise BadInput(f"{node}: {tensor} is not one axis; {CONVERT_AGAIN}")
    return positive_axis(node, axis[0], len(x.shape))


def _check_parts(node: Node, x: Tensor, axis: int, sizes: Sequence[int]) -> None:
    """The outputs have the input's shape but for `axis`, along which they have these sizes."""
    check_moved(node, x, *node.outputs, types=_PARTED)
    if len(sizes) != len(node.outputs) or sum(sizes) != x.shape[axis] or min(sizes) < 0:
        raise BadInput(
            f"{node}: axis {axis} of {x} does not split into {list(sizes)} for {len(node.outputs)} outputs; "
            f"{CONVERT_AGAIN}"
        )
    for size, y in zip(sizes, node.outputs, strict=True):
        if y.shape != (*x.shape[:axis], size, *x.shape[axis + 1 :]):
            raise BadInput(f"{node}: {size} of axis {axis} of {x} do not give {y}; {CONVERT_AGAIN}")


def _split(x: Array, axis: int, sizes: Sequence[int]) -> tuple[Array, ...]:
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis))


@dataclass(frozen=True)
class Split(Op):
    """The second input cut into equal parts along the axis that the first, a constant, names.

    Dtypes of what is cut: int8, uint8, int16, int32, int64, float32. Source: TFLM's SPLIT.
    """

    tflite = (Builtin("SPLIT", {"num_splits": ("int", 0)}),)
    types = _PARTED
    typed = 1
    kernels = KERNELS
    folded = (0,)
    limits = "constant axis"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Split:
        return cls()

    def check(self, node: Node) -> None:
        _check_ends(node, 2)
        x = node.input(1)
        axis = _constant_axis(node, 0, x)
        _check_parts(node, x, axis, [x.shape[axis] // len(node.outputs)] * len(node.outputs))

    def params(self, node: Node) -> Params:
        x = node.input(1)
        return _parted(node, x, values(node, 0)[0] % len(x.shape))

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(1).data
        if x is None:
            return None
        axis = values(node, 0)[0] % x.ndim
        return _split(x, axis, [t.shape[axis] for t in node.outputs])

    def copies(self, node: Node) -> int | None:
        return 1 if len(node.outputs) == 1 else None


@dataclass(frozen=True)
class SplitV(Op):
    """The first input cut into parts of the sizes in the second along the axis in the third, both constants.

    Dtypes: int8, uint8, int16, int32, int64, float32. One size may be -1: what is left. Source: TFLM's SPLIT_V.
    """

    tflite = (Builtin("SPLIT_V", {"num_splits": ("int", 0)}),)
    types = _PARTED
    kernels = KERNELS
    folded = (1, 2)
    limits = "constant axis"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SplitV:
        return cls()

    def check(self, node: Node) -> None:
        _check_ends(node, 3)
        x = node.input(0)
        axis = _constant_axis(node, 2, x)
        sizes = constant_indices(node, 1).tolist()
        if sizes.count(-1) == 1:
            left = x.shape[axis] - sum(s for s in sizes if s != -1)
            sizes = [left if s == -1 else s for s in sizes]
        _check_parts(node, x, axis, sizes)

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        if node.input(2).data is None:
            return []
        axis = _constant_axis(node, 2, node.input(0))
        return [{1: np.array([y.shape[axis] for y in node.outputs if axis < len(y.shape)])}]

    def params(self, node: Node) -> Params:
        return _parted(node, node.input(0), values(node, 2)[0] % len(node.input(0).shape))

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None:
            return None
        axis = values(node, 2)[0] % x.ndim
        return _split(x, axis, [t.shape[axis] for t in node.outputs])

    def copies(self, node: Node) -> int | None:
        return 0 if len(node.outputs) == 1 else None


@dataclass(frozen=True)
class Unpack(Op):
    """One output for each index along an axis, which the outputs lack.

    Dtypes: all but int64. Source: TFLM's UNPACK.
    """

    tflite = (Builtin("UNPACK", {"num": ("int", 0), "axis": ("int", 0)}),)
    types = tuple(t for t in EVERY if t is not DType.INT64)
    kernels = KERNELS

    axis: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Unpack:
        return cls(options["axis"])

    def check(self, node: Node) -> None:
        _check_ends(node, 1)
        x = node.input(0)
        check_moved(node, x, *node.outputs)
        axis = positive_axis(node, self.axis, len(x.shape))
        shape = (*x.shape[:axis], *x.shape[axis + 1 :])
        if x.shape[axis] != len(node.outputs) or any(y.shape != shape for y in node.outputs):
            made = ", ".join(map(str, node.outputs))
            raise BadInput(f"{node}: unpacking axis {axis} of {x} does not give {made}; {CONVERT_AGAIN}")

    def params(self, node: Node) -> Params:
        return _parted(node, node.input(0), self.axis % len(node.input(0).shape))

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else tuple(np.moveaxis(x, self.axis, 0))

    def copies(self, node: Node) -> int | None:
        return 0 if len(node.outputs) == 1 else None
