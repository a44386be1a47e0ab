"""PAD, PADV2 and MIRROR_PAD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Rows, Tensor
from motes.operands import shares
from motes.ops.common import CONVERT_AGAIN, check_arity, check_quant, row_by_row
from motes.ops.movement import (
    EVERY,
    LOOPS,
    Axis,
    Copy,
    check_copy,
    check_moved,
    check_shape,
    constant_indices,
    dense,
    values,
)

_SHARED: Mapping[str, Any] = {"form": "shared", "untyped": True}


def borders(node: Node) -> list[tuple[int, int]]:
    """Elements in front of each axis and behind it."""
    flat = values(node, 1)
    return list(zip(flat[::2], flat[1::2], strict=True))


def _check_borders(node: Node) -> None:
    x, y = node.input(0), node.output
    check_moved(node, x, y)
    if constant_indices(node, 1, 2).shape != (len(x.shape), 2):
        raise BadInput(f"{node}: {node.input(1)} is not (axes, 2) for {x}; {CONVERT_AGAIN}")
    sides = borders(node)
    if any(min(pair) < 0 for pair in sides):
        raise BadInput(f"{node}: pads {x} with {sides}, which are not all positive; {CONVERT_AGAIN}")
    check_shape(node, [a + n + b for n, (a, b) in zip(x.shape, sides, strict=True)], f"padding {x} with {sides}")


@dataclass(frozen=True)
class Pad(Op):
    """Surrounds the input with 0: with the zero point of the output where that is int8 or uint8.

    Dtypes: all. The second input, a constant, says how many elements in front of and behind each axis. int16 is padded
    with the value 0. Source: TFLM's PAD.
    """

    tflite = (Builtin("PAD"),)
    types = EVERY
    folded = (1,)
    kernels = (Kernel("pad", "pad.h", **_SHARED),)
    limits = "constant padding"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Pad:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        _check_borders(node)
        if node.output.dtype in (DType.INT8, DType.UINT8):
            check_quant(node, node.output)
        check_copy(node, _inside(node))

    def value(self, node: Node) -> Array:
        """The element of the border."""
        y = node.output
        return np.array([y.zero_point if y.dtype in (DType.INT8, DType.UINT8) else 0], y.dtype.numpy)

    def params(self, node: Node) -> Params:
        return {**_params(node), "value": self.value(node)}

    def flow(self, node: Node) -> Flow:
        return "moved"

    def rows(self, node: Node) -> Rows | None:
        return _rows(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        return None if x is None else (np.pad(x, borders(node), constant_values=self.value(node)[0]),)

    def copies(self, node: Node) -> int | None:
        return None if any(map(any, borders(node))) else 0


@dataclass(frozen=True)
class PadV2(Op):
    """Surrounds the first input with the value of the third, which may be computed.

    Dtypes: all. Quantized tensors have one scale and zero point all three, as TFLM demands. Source: TFLM's PADV2.
    """

    tflite = (Builtin("PADV2"),)
    types = EVERY
    folded = (1,)
    kernels = (Kernel("pad_value", "pad.h", **_SHARED),)
    limits = "constant padding"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> PadV2:
        return cls()

    def check(self, node: Node) -> None:
        check_arity(node, 3, 3)
        x, value, y = node.input(0), node.input(2), node.output
        _check_borders(node)
        check_moved(node, x, value)
        if value.elements != 1:
            raise BadInput(f"{node}: pads with {value}, which is not one value; {CONVERT_AGAIN}")
        if y.dtype in (DType.INT8, DType.UINT8) and y.quant != value.quant:
            raise Unsupported(node, f"pads {y} with {value}, which is quantized differently", "convert the model again")
        check_copy(node, _inside(node))

    def params(self, node: Node) -> Params:
        return _params(node)

    def rows(self, node: Node) -> Rows | None:
        return _rows(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x, value = node.input(0).data, node.input(2).data
        if x is None or value is None:
            return None
        return (np.pad(x, borders(node), constant_values=value.ravel()[0]),)

    def copies(self, node: Node) -> int | None:
        return None if any(map(any, borders(node))) else 0


def _rows(node: Node) -> Rows | None:
    """Row by row where there is nothing above and below, for certain."""
    if node.input(1).data is None or len(borders(node)) != 4 or any(map(any, borders(node)[:2])):
        return None
    return row_by_row(node)


def _inside(node: Node) -> Copy:
    """The copy of the input into the middle of the output."""
    x, y = node.input(0), node.output
    steps = dense(y.shape)
    axes = tuple(Axis(*a) for a in zip(x.shape, dense(x.shape), steps, strict=True))
    return Copy(axes, 0, sum(a * step for (a, _), step in zip(borders(node), steps, strict=True)))


def _params(node: Node) -> dict[str, Any]:
    y = node.output
    return {**_inside(node).params(y.dtype.size), "bytes": y.nbytes, "size": y.dtype.size}


@dataclass(frozen=True)
class MirrorPad(Op):
    """Surrounds the input with its own mirror image; "reflect" leaves out the edge itself, "symmetric" repeats it.

    Dtypes: all. The border is at most as wide as what is mirrored. Source: TFLM's MIRROR_PAD.
    """

    tflite = (Builtin("MIRROR_PAD", {"mode": ("byte", 0)}),)
    types = EVERY
    folded = (1,)
    kernels = (Kernel("mirror_pad", "mirror_pad.h", **_SHARED),)

    without_edge: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> MirrorPad:
        return cls(options["mode"] == 0)

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        _check_borders(node)
        x = node.input(0)
        for size, pair in zip(x.shape, borders(node), strict=True):
            if max(pair) > size - self.without_edge:
                raise BadInput(f"{node}: a border of {max(pair)} is wider than an axis of {x}; {CONVERT_AGAIN}")
        if len(self._axes(node)[0]) > LOOPS:
            raise Unsupported(node, f"pads {x} along more than {LOOPS} axes", "reshape it to fewer axes")

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        sides = [b - a for a, b in zip(node.input(0).shape, node.output.shape, strict=False)]
        for front in shares(sides):
            yield {1: np.array([(a, n - a) for a, n in zip(front, sides, strict=True)])}

    def _axes(self, node: Node) -> tuple[list[Array], int]:
        """For each axis, the elements from the input's start to where its indices come from; and the elements behind
        the last axis that is padded: they move as one block."""
        x = node.input(0)
        sides, steps = borders(node), dense(x.shape)
        found: list[Array] = []
        joins = False
        for size, pair, step in zip(x.shape, sides, steps, strict=True):
            index = np.pad(np.arange(size), pair, mode="reflect" if self.without_edge else "symmetric") * step
            if joins and not any(pair):
                found[-1] = np.add.outer(found[-1], index).ravel()
            else:
                found.append(index)
            joins = not any(pair)
        if joins:
            return found[:-1], len(found[-1])
        return found, 1

    def params(self, node: Node) -> Params:
        size = node.output.dtype.size
        axes, block = self._axes(node)
        axes = [np.zeros(1, np.int64)] * (LOOPS - len(axes)) + axes
        return {
            "sizes": np.array([len(a) for a in axes], np.int32),
            "offsets": (np.concatenate(axes) * size).astype(np.int32),
            "block": block * size,
        }

    def flow(self, node: Node) -> Flow:
        return "moved"

    def rows(self, node: Node) -> Rows | None:
        return _rows(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None:
            return None
        return (np.pad(x, borders(node), mode="reflect" if self.without_edge else "symmetric"),)

    def copies(self, node: Node) -> int | None:
        return None if any(map(any, borders(node))) else 0
