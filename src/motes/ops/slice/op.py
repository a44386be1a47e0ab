"""SLICE and STRIDED_SLICE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity
from motes.ops.movement import (
    EVERY,
    Copy,
    StridedCopy,
    check_copy,
    check_indices,
    check_moved,
    check_shape,
    constant_indices,
    dense,
    read,
    values,
)
from motes.ops.slice.masks import Masks, Part, parts

LIMITS = "sizes are those of the output, which the file fixes"
FREEZE = "no tensor changes its size: give recurrent Keras layers unroll=True; else freeze the model, convert again"


@dataclass(frozen=True)
class Slice(StridedCopy):
    """The elements from the second input on, as many along each axis as the third says; -1: all that follow.

    Dtypes: all; both are constants, else see `SliceAt`. Source: TensorFlow Lite's SLICE.
    """

    tflite = (Builtin("SLICE"),)
    types = EVERY
    folded = (1, 2)
    sizing = (2,)
    freeze = FREEZE
    limits = LIMITS

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Op:
        moving = len(inputs) > 1 and inputs[1] is not None and inputs[1].data is None
        return SliceAt() if moving else cls()

    def check(self, node: Node) -> None:
        check_arity(node, 3, 3)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        begin, size = (constant_indices(node, i).tolist() for i in (1, 2))
        if not len(begin) == len(size) == len(x.shape):
            raise BadInput(f"{node}: {begin} and {size} do not tell where to cut {x}; {CONVERT_AGAIN}")
        for start, length, whole in zip(begin, size, x.shape, strict=True):
            if not 0 <= start <= start + (whole - start if length == -1 else length) <= whole:
                raise BadInput(f"{node}: {length} elements from {start} are not among {whole} of {x}; {CONVERT_AGAIN}")
        shape = [w - b if s == -1 else s for b, s, w in zip(begin, size, x.shape, strict=True)]
        check_shape(node, shape, f"slicing {x}")
        check_copy(node, self.copy(node))

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return _of_output(node)

    def copy(self, node: Node) -> Copy:
        steps = dense(node.input(0).shape)
        start = sum(b * s for b, s in zip(values(node, 1), steps, strict=True))
        return read(node.output.shape, steps, start)


@dataclass(frozen=True)
class SliceAt(Op):
    """SLICE from a place that is computed; it is moved to where the part lies inside of the input.

    Dtypes: all; the size is a constant. TensorFlow Lite stops with an error where the part would lie outside.
    """

    types = EVERY
    folded = (2,)
    sizing = (2,)
    freeze = FREEZE
    limits = LIMITS
    kernels = (
        Kernel("slice_at_s32", "slice_at.h", form="shared", untyped=True),
        Kernel(
            "slice_at_s64",
            "slice_at.h",
            fits=lambda node: node.input(1).dtype is DType.INT64,
            form="shared",
            untyped=True,
        ),
    )

    @property
    def title(self) -> str:
        return "SLICE"

    def check(self, node: Node) -> None:
        check_arity(node, 3, 3)
        x, begin, y = node.input(0), node.input(1), node.output
        check_moved(node, x, y)
        check_indices(node, begin)
        size = constant_indices(node, 2).tolist()
        if not begin.elements == len(size) == len(x.shape):
            raise BadInput(f"{node}: {begin} and {size} do not tell where to cut {x}; {CONVERT_AGAIN}")
        pairs = list(zip(y.shape, x.shape, strict=False))
        if len(y.shape) != len(x.shape) or any(a > b for a, b in pairs):
            raise BadInput(f"{node}: {y} is no part of {x}; {CONVERT_AGAIN}")
        # From a place that is not known, "all that follow" must be what the output holds.
        check_shape(node, [a if s == -1 else s for s, a in zip(size, y.shape, strict=True)], f"slicing {x}")
        check_copy(node, read(y.shape, dense(x.shape)))

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return _of_output(node)

    def params(self, node: Node) -> Params:
        x, y = node.input(0), node.output
        return {
            **read(y.shape, dense(x.shape)).params(y.dtype.size),
            "rank": len(x.shape),
            "most": np.array([a - b for a, b in zip(x.shape, y.shape, strict=True)], np.int32),
            "steps": np.array([s * x.dtype.size for s in dense(x.shape)], np.int32),
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, begin = node.input(0).data, node.input(1).data
        if x is None or begin is None:
            return None
        most = [a - b for a, b in zip(x.shape, node.output.shape, strict=True)]
        start = [max(0, min(int(b), m)) for b, m in zip(begin, most, strict=True)]
        return (x[tuple(slice(s, s + n) for s, n in zip(start, node.output.shape, strict=True))],)


def _of_output(node: Node) -> Iterable[Mapping[int, Array]]:
    """Computed sizes are those of the output."""
    size, shape = node.input(2), np.array(node.output.shape)
    return [{2: shape}] if size.elements == len(shape) else []


@dataclass(frozen=True)
class StridedSlice(StridedCopy):
    """Every `strides`-th element from `begin` up to, but without, `end` along each axis; strides may be negative.

    Dtypes: all. Begins and ends count from behind where negative, and are clamped to the axis. The masks mean: no
    begin, no end, an index that removes its axis, a new axis of size 1, as many whole axes as are left.
    Source: TensorFlow's rules of STRIDED_SLICE; TFLM ignores the last two masks.
    """

    tflite = (
        Builtin(
            "STRIDED_SLICE",
            {
                "begin_mask": ("int", 0),
                "end_mask": ("int", 0),
                "ellipsis_mask": ("int", 0),
                "new_axis_mask": ("int", 0),
                "shrink_axis_mask": ("int", 0),
                "offset": ("bool", False),
            },
        ),
    )
    types = EVERY
    folded = (1, 2, 3)
    freeze = FREEZE
    limits = "constant strides; with computed begins of 1, sizes being those of the output"

    masks: Masks

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> StridedSlice | StridedSliceAt:
        masks = Masks(
            options["begin_mask"],
            options["end_mask"],
            options["ellipsis_mask"],
            options["new_axis_mask"],
            options["shrink_axis_mask"],
            options["offset"],
        )
        begin = inputs[1] if len(inputs) > 1 else None
        return StridedSliceAt(masks) if begin is not None and begin.data is None else cls(masks)

    def check(self, node: Node) -> None:
        check_arity(node, 4, 4)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        begin, end, strides = (constant_indices(node, i).tolist() for i in (1, 2, 3))
        if not len(begin) == len(end) == len(strides):
            raise BadInput(f"{node}: its begins, ends and strides are not equally many; {CONVERT_AGAIN}")
        try:
            cut = parts(x.shape, begin, end, strides, self.masks)
        except ValueError as error:
            raise BadInput(f"{node}: {error} of {x}; {CONVERT_AGAIN}") from None
        check_shape(node, [p.size for p in cut if not p.removed], f"slicing {x}")
        check_copy(node, self.copy(node))

    def _parts(self, node: Node) -> list[Part]:
        return parts(node.input(0).shape, values(node, 1), values(node, 2), values(node, 3), self.masks)

    def copy(self, node: Node) -> Copy:
        steps = iter(dense(node.input(0).shape))
        kept, start = [], 0
        for part in self._parts(node):
            step = 0 if part.added else next(steps)
            start += part.start * step
            if not part.removed:
                kept.append(part.stride * step)
        return read(node.output.shape, kept, start)


@dataclass(frozen=True)
class StridedSliceAt(Op):
    """STRIDED_SLICE with strides of 1 from a place that is computed, such as the step of a loop; it is moved to where
    the part lies inside of the input.

    Dtypes: all. Sizes are those of the output. Masks: begin, end, and an index that removes its axis.
    """

    types = EVERY
    folded = (3,)
    freeze = FREEZE
    kernels = (
        Kernel("strided_slice_at_s32", "strided_slice_at.h", form="shared", untyped=True),
        Kernel(
            "strided_slice_at_s64",
            "strided_slice_at.h",
            fits=lambda node: node.input(1).dtype is DType.INT64,
            form="shared",
            untyped=True,
        ),
    )

    masks: Masks

    @property
    def title(self) -> str:
        return "STRIDED_SLICE"

    def check(self, node: Node) -> None:
        check_arity(node, 4, 4)
        x, begin, end, y = node.input(0), node.input(1), node.input(2), node.output
        check_moved(node, x, y)
        check_indices(node, begin)
        check_indices(node, end)
        strides = constant_indices(node, 3).tolist()
        if not begin.elements == end.elements == len(strides) <= len(x.shape) or begin.dtype is not end.dtype:
            raise BadInput(f"{node}: its begins, ends and strides do not fit {x}; {CONVERT_AGAIN}")
        if y.open or any(s != 1 for s in strides) or self.masks.ellipsis or self.masks.new_axis:
            raise Unsupported(node, f"begins at {begin}, and its size is not known, or it has strides", FREEZE)
        kept = len(x.shape) - sum(self._removed(i) for i in range(len(strides)))
        if kept != len(y.shape) or any(a > b for a, b in zip(self._sizes(node), x.shape, strict=True)):
            raise BadInput(f"{node}: {y} is no part of {x}; {CONVERT_AGAIN}")
        check_copy(node, self._copy(node))

    def _removed(self, entry: int) -> bool:
        return bool(self.masks.shrink >> entry & 1)

    def _sizes(self, node: Node) -> list[int]:
        """What is taken of each axis of the input."""
        sizes = iter(node.output.shape)
        count = node.input(1).elements
        return [1 if i < count and self._removed(i) else next(sizes) for i in range(len(node.input(0).shape))]

    def _copy(self, node: Node) -> Copy:
        return read(self._sizes(node), dense(node.input(0).shape))

    def params(self, node: Node) -> Params:
        x, count = node.input(0), node.input(1).elements
        most = [
            0 if self.masks.begin >> i & 1 and not self._removed(i) else a - b
            for i, (a, b) in enumerate(zip(x.shape, self._sizes(node), strict=True))
        ]
        return {
            **self._copy(node).params(x.dtype.size),
            "rank": count,
            "lengths": np.array(x.shape[:count], np.int32),
            "most": np.array(most[:count], np.int32),
            "steps": np.array([s * x.dtype.size for s in dense(x.shape)[:count]], np.int32),
        }
