"""TRANSPOSE_CONV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Node, Params, Tensor
from motes.ops.common import ACTIVATIONS, CONVERT_AGAIN, PADDINGS, check_arity, named, window
from motes.ops.conv import computed
from motes.ops.conv.filtered import Filtered, Kind, kind_of, portable
from motes.ops.conv.window import LIMIT


@dataclass(frozen=True)
class TransposeConv(Filtered):
    """Every input pixel (batch, height, width, channels) adds to a window of the output; windows lie `stride` apart.

    Input 0 is the output's shape, int32; TFLM goes by the output tensor. Input 1 is the filter
    (out_ch, filter_h, filter_w, in_ch), input 2 what is filtered, input 3 the bias: see `Filtered`. What falls outside
    the output is lost. Input and output may be of any size, as in TFLM.

    Source: TFLM's TRANSPOSE_CONV, reference kernels.
    """

    tflite: ClassVar[tuple[Builtin, ...]] = (
        Builtin(
            "TRANSPOSE_CONV",
            {
                "padding": ("byte", 0),
                "stride_w": ("int", 0),
                "stride_h": ("int", 0),
                "fused_activation_function": ("byte", 0),
            },
        ),
    )
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    typed = 2
    kernels = portable("transpose_conv")
    folded: ClassVar[tuple[int, ...]] = (0, 1, 3)
    places = (2, 1, 3)
    channel_axis: ClassVar[int] = 0

    stride: tuple[int, int] = (1, 1)  # rows, columns
    pads: tuple[int, int] = (0, 0)  # rows and columns that the first window lies outside: top, left
    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> TransposeConv:
        """The operator with its padding resolved to elements: the shape of the output is at hand here."""
        padding = named(PADDINGS, options["padding"])
        if padding not in PADDINGS:
            raise BadInput(f"{name}: padding {padding} is not SAME or VALID; {CONVERT_AGAIN}")
        stride = options["stride_h"], options["stride_w"]
        pads = (0, 0)
        w, y = (*inputs, None, None)[1], (*outputs, None)[0]
        # A malformed node keeps no padding here, and `check` says what is wrong with it.
        if w and y and len(w.shape) == len(y.shape) == 4 and min(stride) > 0:
            top, left = (window(y.shape[i], w.shape[i], stride[i - 1], 1, padding)[1] for i in (1, 2))
            pads = top, left
        kind = TransposeConvComputed if computed.any_computed((w, *inputs[3:])) else cls
        return kind(stride, pads, named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        check_arity(node, 3, 4)
        shape, w, x, y = node.input(0), node.input(1), node.input(2), node.output
        for tensor in (x, w, y):
            if len(tensor.shape) != 4 or min(tensor.shape) < 1:
                raise BadInput(f"{node}: {tensor} must have four dimensions, none of them empty; {CONVERT_AGAIN}")
        if shape.data is not None and not np.array_equal(shape.data.reshape(-1), y.shape):
            raise BadInput(f"{node}: its output is {y}, but {shape.data.tolist()} is asked for; {CONVERT_AGAIN}")
        self.check_values(node)
        if any(not 0 < n < LIMIT for n in self.stride):
            raise BadInput(f"{node}: stride {self.stride} must be positive and below {LIMIT}; {CONVERT_AGAIN}")
        if max(w.shape[1], w.shape[2]) >= LIMIT or not all(0 <= n < LIMIT for n in self.pads):
            raise BadInput(f"{node}: a window {w.shape[1:3]}, padded by {self.pads}, is out of range")
        if (w.shape[3], w.shape[0], x.shape[0]) != (x.shape[3], y.shape[3], y.shape[0]):
            raise BadInput(f"{node}: a filter {w.shape} does not lead from {x.shape} to {y.shape}; {CONVERT_AGAIN}")

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        return [{0: np.array(node.output.shape)}]

    def bias_dtype(self, node: Node) -> DType:
        bias = self.bias_tensor(node)
        if kind_of(node) is Kind.S16 and bias is not None and bias.dtype is DType.INT16:
            return DType.INT16
        return super().bias_dtype(node)

    def params(self, node: Node) -> Params:
        w, x, y = node.input(1), node.input(2), node.output
        return {
            "batches": x.shape[0],
            **{"in_h": x.shape[1], "in_w": x.shape[2], "in_ch": x.shape[3]},
            **{"out_h": y.shape[1], "out_w": y.shape[2], "out_ch": y.shape[3]},
            **{"filter_h": w.shape[1], "filter_w": w.shape[2]},
            **{"stride_h": self.stride[0], "stride_w": self.stride[1]},
            **{"pad_top": self.pads[0], "pad_left": self.pads[1]},
            **self.fields(node),
        }

    def macs(self, node: Node) -> int:
        return node.input(2).elements * node.input(1).elements // node.input(2).shape[3]


class TransposeConvComputed(computed.Computed, TransposeConv):
    """TRANSPOSE_CONV with a filter or a bias that is computed; int16 has a bias of int64."""

    tflite = ()
    title = "TRANSPOSE_CONV"
    kernels = computed.kernels("transpose_conv")
    folded = (0,)

    def bias_dtype(self, node: Node) -> DType:
        return Filtered.bias_dtype(self, node)
