"""What both convolutions share: the geometry of a sliding window, its import and its checks."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Node, Params, Rows, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    PADDINGS,
    check_arity,
    limits,
    named,
    same_pads,
)
from motes.ops.conv.filtered import Filtered, Kind, kind_of
from motes.ops.linear import Linear

P = ParamSpec("P")
T = TypeVar("T")

LIMIT = 1 << 24
"""Largest stride, dilation, padding or window in elements: index sums then stay far inside 32 bits."""


@dataclass(frozen=True)
class Window(Filtered):
    """A window that slides over the rows and columns of an input (batch, height, width, channels).

    Input 1 is the filter, input 2 the bias: see `Filtered`. Outside the input lies its zero point.

    Source: TFLM's CONV_2D and DEPTHWISE_CONV_2D, reference kernels.
    """

    folded: ClassVar[tuple[int, ...]] = (1, 2)

    stride: tuple[int, int] = (1, 1)  # rows, columns
    dilation: tuple[int, int] = (1, 1)  # rows, columns
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)  # top, bottom, left, right: any, whatever the file's padding was
    activation: str = "NONE"

    @classmethod
    def between(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Self:
        """The operator with its padding resolved to elements: the shape of the input is at hand here."""
        padding = named(PADDINGS, options["padding"])
        if padding not in PADDINGS:
            raise BadInput(f"{name}: padding {padding} is not SAME or VALID; {CONVERT_AGAIN}")
        stride = options["stride_h"], options["stride_w"]
        dilation = options["dilation_h_factor"], options["dilation_w_factor"]
        pads = (0, 0, 0, 0)
        x, w = (*inputs, None, None)[:2]
        # A malformed node keeps no padding here, and `check` says what is wrong with it.
        if padding == "SAME" and x and w and len(x.shape) == len(w.shape) == 4 and min(stride) > 0:
            pads = (
                *same_pads(x.shape[1], w.shape[1], stride[0], dilation[0]),
                *same_pads(x.shape[2], w.shape[2], stride[1], dilation[1]),
            )
        return cls(stride, dilation, pads, named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        """Types, scales and the extents of the window; whether the channels agree is for the subclass."""
        check_arity(node, 2, 3)
        x, w, y = node.input(0), node.input(1), node.output
        for tensor in (x, w, y):
            if len(tensor.shape) != 4 or min(tensor.shape) < 1:
                raise BadInput(f"{node}: {tensor} must have four dimensions, none of them empty; {CONVERT_AGAIN}")
        self.check_values(node)
        if any(not 0 < n < LIMIT for n in (*self.stride, *self.dilation)):
            raise BadInput(
                f"{node}: stride {self.stride} and dilation {self.dilation} must be positive and below {LIMIT}; "
                f"{CONVERT_AGAIN}"
            )
        self._check_extent(node, 1, "rows")
        self._check_extent(node, 2, "columns")

    def _check_extent(self, node: Node, axis: int, what: str) -> None:
        """The output is as large along `axis` as input, window and padding make it."""
        x, w, y = node.input(0), node.input(1), node.output
        before, behind = self.pads[2 * axis - 2 : 2 * axis]
        reach = (w.shape[axis] - 1) * self.dilation[axis - 1] + 1
        if min(before, behind) < 0 or max(before, behind, reach) >= LIMIT:
            raise BadInput(f"{node}: a window over {reach} {what}, padded by {before} and {behind}, is out of range")
        made = (x.shape[axis] + before + behind - reach) // self.stride[axis - 1] + 1
        if (x.shape[0], made) != (y.shape[0], y.shape[axis]):
            raise BadInput(
                f"{node}: input {x.shape} and filter {w.shape} lead to {made} {what}, but the output is {y.shape}; "
                f"{CONVERT_AGAIN}"
            )

    def linear(self, node: Node) -> Linear | None:
        kind = kind_of(node)
        if kind not in (Kind.S8, Kind.S16) or self.computed:
            return None
        x, y = node.input(0), node.output
        weights = self.by_group(node, self.filter(node))
        multipliers, shifts = self.rescale(node)
        return Linear(
            weights,
            self.bias(node).astype(np.int64).reshape(weights.shape[:2]),
            x.zero_point,
            self._windows(node),
            multipliers,
            shifts,
            y.zero_point,
            limits(node, self.activation),
            self.bias_dtype(node),
        )

    def _windows(self, node: Node) -> Array:
        """bool (kinds, taps): the sets of taps that lie inside the input at one place of the window or another."""
        sets = []
        for axis in (1, 2):
            made, taps = (np.arange(t.shape[axis]) for t in (node.output, node.input(1)))
            at = made[:, np.newaxis] * self.stride[axis - 1] - self.pads[2 * axis - 2] + taps * self.dilation[axis - 1]
            sets.append(np.unique((at >= 0) & (at < node.input(0).shape[axis]), axis=0))
        rows, columns = sets
        return (rows[:, np.newaxis, :, np.newaxis] & columns[:, np.newaxis, :]).reshape(len(rows) * len(columns), -1)

    def by_group(self, node: Node, weights: Array) -> Array:
        """The weights as a `Linear` has them: (groups, outputs, taps, inputs)."""
        raise NotImplementedError(self)

    def rows(self, node: Node) -> Rows | None:
        if node.input(0).shape[0] != 1 or any(t is not None and t.data is None for t in node.inputs[1:]):
            return None
        reach = (node.input(1).shape[1] - 1) * self.dilation[0] + 1
        return Rows(reach, self.stride[0], *self.pads[:2])

    def padded(self, node: Node, before: int, behind: int) -> Self:
        return replace(self, pads=(before, behind, *self.pads[2:]))

    def geometry(self, node: Node) -> dict[str, int]:
        """Extents, strides, dilations and pads, by the names they have in parameter structs.

        What is one column wide throughout is described as one row: it lies in memory alike, and rows are faster.
        """
        x, w, y = node.input(0), node.input(1), node.output
        column = x.shape[2] == w.shape[2] == y.shape[2] == 1 and not any(self.pads[2:])
        first, second = ("w", "h") if column else ("h", "w")
        before, behind = (("left", "right"), ("top", "bottom"))[:: 1 if column else -1]
        return {
            "batches": x.shape[0],
            **{f"in_{first}": x.shape[1], f"in_{second}": x.shape[2], "in_ch": x.shape[3]},
            **{f"out_{first}": y.shape[1], f"out_{second}": y.shape[2], "out_ch": y.shape[3]},
            **{f"filter_{first}": w.shape[1], f"filter_{second}": w.shape[2]},
            **{f"stride_{first}": self.stride[0], f"stride_{second}": self.stride[1]},
            **{f"dilation_{first}": self.dilation[0], f"dilation_{second}": self.dilation[1]},
            **{f"pad_{name}": pad for name, pad in zip((*before, *behind), self.pads, strict=True)},
        }

    def params(self, node: Node) -> Params:
        """The fields of the portable kernel; a subclass adds how channels are shared out."""
        geometry = self.geometry(node)
        del geometry["pad_bottom"], geometry["pad_right"]
        return {**geometry, **self.fields(node)}


@dataclass(frozen=True)
class _ButForRows:
    """Arguments of which the last is a node, equal to others if the nodes differ in nothing but rows."""

    parts: tuple[object, ...]
    given: tuple[Any, ...] = field(compare=False)


def but_for_rows(make: Callable[P, T]) -> Callable[P, T]:
    """`make`, remembered for any rows, and padding of rows, of its last argument, a node: it does not look at these.

    A layer that runs a few rows at a time is many nodes, but has its weights packed once.
    """

    @functools.lru_cache(maxsize=256)
    def made(key: _ButForRows) -> T:
        return make(*key.given)  # type: ignore[call-arg]

    @functools.wraps(make)
    def remembered(*given: P.args, **named: P.kwargs) -> T:
        *first, node = given
        assert isinstance(node, Node), node
        op, x, y = node.op, node.input(0), node.output
        assert isinstance(op, Window), node
        ends = [(t.shape[0], t.shape[2:], t.dtype, t.quant) for t in (x, y)]
        like = replace(op, pads=(0, 0, *op.pads[2:]))
        return made(_ButForRows((*first, type(op), like, *ends, *node.inputs[1:]), given))

    return remembered
