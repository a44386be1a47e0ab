"""CONCATENATION and PACK."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.ops.common import ACTIVATIONS, CONVERT_AGAIN, check_arity, named, row_by_row
from motes.ops.movement import EVERY, all_constant, check_moved, check_shape, positive_axis

KERNELS = (Kernel("concatenate", "concatenate.h", form="shared", untyped=True, listed="inputs"),)


def _joined(node: Node, axis: int) -> Params:
    """The parameters for inputs whose rows, from `axis` on, lie side by side in the output's."""
    parts = [node.input(i) for i in range(len(node.inputs))]
    rows = math.prod(node.output.shape[:axis])
    return {
        "parts": len(parts),
        "rows": rows,
        "blocks": np.array([t.nbytes // rows for t in parts], np.int32),
        "row": node.output.nbytes // rows,
    }


@dataclass(frozen=True)
class Concatenation(Op):
    """The inputs side by side along an axis, as many as there are.

    Dtypes: all. Quantized values are not rescaled: TFLM ignores scales and zero points here, so converters make them
    equal. Source: TFLM's CONCATENATION.
    """

    tflite = (Builtin("CONCATENATION", {"axis": ("int", 0), "fused_activation_function": ("byte", 0)}),)
    types = EVERY
    kernels = KERNELS
    limits = "no fused activation"

    axis: int
    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Concatenation:
        return cls(options["axis"], named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        check_arity(node, max(1, len(node.inputs)), len(node.inputs))
        if self.activation != "NONE":
            raise Unsupported(
                node, f"has the fused activation {self.activation}", "make the activation a layer of its own"
            )
        parts = [node.input(i) for i in range(len(node.inputs))]
        check_moved(node, *parts, node.output)
        _check_unsigned(node, parts)
        axis = positive_axis(node, self.axis, len(parts[0].shape))
        shapes = [list(t.shape) for t in parts]
        if any(len(s) != len(shapes[0]) or s[:axis] != shapes[0][:axis] for s in shapes) or any(
            s[axis + 1 :] != shapes[0][axis + 1 :] for s in shapes
        ):
            raise BadInput(f"{node}: {shapes} cannot be joined along axis {axis}; {CONVERT_AGAIN}")
        whole = [*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :]]
        check_shape(node, whole, f"joining {shapes}")

    def params(self, node: Node) -> Params:
        return _joined(node, self.axis % len(node.output.shape))

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node, self.axis % 4) if self.axis % len(node.output.shape) > 1 else None

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        if not all_constant(node.inputs):
            return None
        return (np.concatenate([t.data for t in node.inputs if t and t.data is not None], self.axis),)

    def copies(self, node: Node) -> int | None:
        return 0 if len(node.inputs) == 1 else None


@dataclass(frozen=True)
class Pack(Op):
    """The inputs, all of one shape, along a new axis.

    Dtypes: int8, uint8, int16, int32, int64, float32. Source: TFLM's PACK.
    """

    tflite = (Builtin("PACK", {"values_count": ("int", 0), "axis": ("int", 0)}),)
    types = tuple(t for t in EVERY if t is not DType.BOOL)
    kernels = KERNELS

    axis: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Pack:
        return cls(options["axis"])

    def check(self, node: Node) -> None:
        check_arity(node, max(1, len(node.inputs)), len(node.inputs))
        parts = [node.input(i) for i in range(len(node.inputs))]
        check_moved(node, *parts, node.output)
        shape = parts[0].shape
        if any(t.shape != shape for t in parts):
            raise BadInput(f"{node}: packs {', '.join(map(str, parts))}, of unequal shapes; {CONVERT_AGAIN}")
        axis = positive_axis(node, self.axis, len(shape) + 1)
        check_shape(node, [*shape[:axis], len(parts), *shape[axis:]], f"packing {len(parts)} of {list(shape)}")

    def params(self, node: Node) -> Params:
        return _joined(node, self.axis % len(node.output.shape))

    def flow(self, node: Node) -> Flow:
        return "moved"

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        if not all_constant(node.inputs):
            return None
        return (np.stack([t.data for t in node.inputs if t and t.data is not None], self.axis),)

    def copies(self, node: Node) -> int | None:
        return 0 if len(node.inputs) == 1 else None


def _check_unsigned(node: Node, parts: Sequence[Tensor]) -> None:
    """LiteRT rescales uint8, which TFLM does not know: only what it would leave alone is served."""
    if node.output.dtype is DType.UINT8 and any(t.quant != node.output.quant for t in parts):
        raise Unsupported(
            node, f"joins uint8 tensors of other scales than {node.output}", "convert the model again to int8"
        )
