"""DYNAMIC_UPDATE_SLICE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, check_arity
from motes.ops.movement import EVERY, Axis, Copy, check_copy, check_indices, check_moved, check_shape, dense

_SHARED: Mapping[str, Any] = {"form": "shared", "untyped": True, "in_place": lambda node: ((0, 0),)}


@dataclass(frozen=True)
class DynamicUpdateSlice(Op):
    """The first input with the second in the place of a part of it, which begins where the third says.

    Dtypes: all. The place may be computed; it is moved to where the part lies inside. Source: TFLM's
    DYNAMIC_UPDATE_SLICE.
    """

    tflite = (Builtin("DYNAMIC_UPDATE_SLICE"),)
    types = EVERY
    kernels = (
        Kernel("update_at_s32", "update_at.h", **_SHARED),
        Kernel("update_at_s64", "update_at.h", fits=lambda node: node.input(2).dtype is DType.INT64, **_SHARED),
    )

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> DynamicUpdateSlice:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 3, 3)
        x, part, start = node.input(0), node.input(1), node.input(2)
        check_moved(node, x, part, node.output)
        check_indices(node, start)
        check_shape(node, x.shape, f"updating {x}")
        fits = len(part.shape) == len(x.shape) and all(a <= b for a, b in zip(part.shape, x.shape, strict=True))
        if not fits or start.elements != len(x.shape):
            raise BadInput(f"{node}: {part} at {start} is no part of {x}; {CONVERT_AGAIN}")
        check_copy(node, self._copy(node))

    def _copy(self, node: Node) -> Copy:
        """The copy of the part to the output's beginning."""
        part, y = node.input(1), node.output
        return Copy(tuple(Axis(*a) for a in zip(part.shape, dense(part.shape), dense(y.shape), strict=True)))

    def _most(self, node: Node) -> list[int]:
        """The last place along each axis."""
        return [a - b for a, b in zip(node.output.shape, node.input(1).shape, strict=True)]

    def params(self, node: Node) -> Params:
        y = node.output
        return {
            **self._copy(node).params(y.dtype.size),
            "bytes": y.nbytes,
            "rank": len(y.shape),
            "most": np.array(self._most(node), np.int32),
            "steps": np.array([s * y.dtype.size for s in dense(y.shape)], np.int32),
        }

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, part, start = node.input(0).data, node.input(1).data, node.input(2).data
        if x is None or part is None or start is None:
            return None
        y = x.copy()
        at = [max(0, min(int(s), most)) for s, most in zip(start, self._most(node), strict=True)]
        y[tuple(slice(a, a + n) for a, n in zip(at, part.shape, strict=True))] = part
        return (y,)

    def copies(self, node: Node) -> int | None:
        return 1 if node.input(1).shape == node.output.shape else None
