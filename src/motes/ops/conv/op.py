"""CONV_2D and DEPTHWISE_CONV_2D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Kernel, Node, Params, Tensor
from motes.ops.conv import (
    any_mve,
    blocks,
    column,
    computed,
    generic,
    mve,
    planes,
    points,
    scalar,
    scalar_planes,
    strips,
    three,
    tiles,
)
from motes.ops.conv.chunks import LONG, SHORT
from motes.ops.conv.filtered import Kind, kind_of, portable
from motes.ops.conv.joint import joint
from motes.ops.conv.window import Window
from motes.ops.conv.winograd import TILES_2X2, TILES_4X4
from motes.ops.conv.winograd_lean import LEAN

_DSP = Kernel(
    "conv_s8_dsp",
    "conv_s8_dsp.h",
    needs=frozenset({"dsp"}),
    fits=lambda node: blocks.fits(node) and not points.fits(node),
    params=blocks.params,
    scratch=blocks.scratch,
    in_place=blocks.in_place,
    rows_at_once=blocks.rows_at_once,
    call_cycles=blocks.call_cycles,
    form="shared",
)

_1X1 = Kernel(
    "conv_1x1_s8_dsp",
    "conv_1x1_s8_dsp.h",
    needs=frozenset({"dsp"}),
    fits=points.fits,
    params=points.params,
    scratch=blocks.scratch,
    in_place=blocks.in_place,
    rows_at_once=blocks.rows_at_once,
    form="shared",
)

_STRIPS = Kernel(
    "conv_strips_s8_dsp",
    "conv_strips_s8_dsp.h",
    needs=frozenset({"dsp", "fpu"}),
    fits=strips.fits,
    pays=strips.pays,
    params=strips.params,
    scratch=strips.scratch,
    ahead=strips.ahead,
    call_cycles=strips.call_cycles,
    form="shared",
    constants=strips.constants,
)

_3X3 = Kernel(
    "conv_3x3_s8_dsp",
    "conv_3x3_s8_dsp.h",
    needs=frozenset({"dsp"}),
    fits=three.fits,
    params=three.params,
    scratch=three.scratch,
    mac_cycles=0.9,
    form="shared",
    constants=three.constants,
)

_SCALAR = Kernel(
    "conv_s8_scalar",
    "conv_s8_scalar.h",
    needs=frozenset({"scalar"}),
    fits=scalar.fits,
    params=scalar.params,
    scratch=scalar.scratch,
    in_place=blocks.in_place,
    form="shared",
)


_MVE = Kernel(
    "conv_s8_mve",
    "conv_s8_mve.h",
    needs=frozenset({"mve"}),
    fits=mve.fits,
    params=mve.params,
    scratch=mve.scratch,
    in_place=blocks.in_place,
    mac_cycles=0.25,
    form="shared",
)


def _fours(node: Node) -> Params:
    """The fields of `conv_s16_dsp_params`: weights in fours, in the order 0, 2, 1, 3."""
    fields = dict(node.op.params(node))
    weights = fields["weights"]
    assert isinstance(weights, np.ndarray)
    return {**fields, "weights": weights.reshape(-1, 4)[:, [0, 2, 1, 3]].reshape(-1)}


_S16_DSP = Kernel(
    "conv_s16_dsp",
    "conv_s16_dsp.h",
    needs=frozenset({"dsp"}),
    fits=lambda node: kind_of(node) is Kind.S16 and node.input(1).shape[3] % 4 == 0,
    params=_fours,
    form="shared",
)


@dataclass(frozen=True)
class Conv2D(Window):
    """Every output channel sums a window over the channels of its group.

    The filter is (out_ch, filter_h, filter_w, in_ch / groups): the channels of input and output are split into as many
    equal groups as the filter's last dimension goes into the input's channels.
    """

    tflite: ClassVar[tuple[Builtin, ...]] = (
        Builtin(
            "CONV_2D",
            {
                "padding": ("byte", 0),
                "stride_w": ("int", 0),
                "stride_h": ("int", 0),
                "fused_activation_function": ("byte", 0),
                "dilation_w_factor": ("int", 1),
                "dilation_h_factor": ("int", 1),
            },
        ),
    )
    kernels = (
        *portable("conv"),
        _SCALAR,
        _S16_DSP,
        _DSP,
        _1X1,
        _STRIPS,
        LONG.kernel,
        SHORT.kernel,
        _3X3,
        TILES_2X2.kernel,
        LEAN.kernel,
        TILES_4X4.kernel,
        _MVE,
    )
    channel_axis: ClassVar[int] = 0

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Window:
        kind = Conv2DComputed if computed.any_computed(inputs[1:]) else cls
        return kind.between(name, options, inputs, outputs)

    def check(self, node: Node) -> None:
        super().check(node)
        channels, (outputs, _, _, depth) = node.input(0).shape[3], node.input(1).shape
        if channels % depth or outputs % (channels // depth) or outputs != node.output.shape[3]:
            raise BadInput(
                f"{node}: a filter {node.input(1).shape} does not lead from {channels} to {node.output.shape[3]} "
                "channels; convert the model again"
            )

    def params(self, node: Node) -> Params:
        depth, outputs = node.input(1).shape[3], node.output.shape[3]
        fields = {**super().params(node), "group_in": depth, "group_out": outputs * depth // node.input(0).shape[3]}
        return {**fields, "wide": self.wide(node)} if kind_of(node) is Kind.S16 else fields

    def by_group(self, node: Node, weights: Array) -> Array:
        outputs, height, width, depth = weights.shape
        groups = node.input(0).shape[3] // depth
        return weights.reshape(groups, outputs // groups, height * width, depth)

    def joined(self, node: Node, reader: Node) -> Node | None:
        return joint(node, reader) if isinstance(reader.op, DepthwiseConv2D) else None

    def wide(self, node: Node) -> bool:
        bias = self.bias_tensor(node)
        return super().wide(node) and (bias is None or bias.dtype is not DType.INT32)

    def macs(self, node: Node) -> int:
        return node.output.elements * node.input(1).elements // node.output.shape[3]


@dataclass(frozen=True)
class DepthwiseConv2D(Window):
    """Every input channel is convolved alone, with `depth` filters: output channel = input channel * depth + i.

    The filter is (1, filter_h, filter_w, out_ch). `depth` follows from the shapes, whatever the file's option says,
    as in TFLM.
    """

    tflite: ClassVar[tuple[Builtin, ...]] = (
        Builtin(
            "DEPTHWISE_CONV_2D",
            {
                "padding": ("byte", 0),
                "stride_w": ("int", 0),
                "stride_h": ("int", 0),
                "depth_multiplier": ("int", 0),
                "fused_activation_function": ("byte", 0),
                "dilation_w_factor": ("int", 1),
                "dilation_h_factor": ("int", 1),
            },
        ),
    )
    kernels = (
        *portable("depthwise_conv"),
        Kernel(
            "depthwise_conv_s8_scalar",
            "depthwise_conv_s8_scalar.h",
            needs=frozenset({"scalar"}),
            fits=scalar_planes.fits,
            params=scalar_planes.params,
            scratch=scalar_planes.scratch,
            in_place=scalar_planes.in_place,
            form="shared",
        ),
        Kernel(
            "depthwise_conv_s8_dsp",
            "depthwise_conv_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=generic.fits,
            params=generic.params,
            mac_cycles=10.0,
            form="shared",
        ),
        Kernel(
            "depthwise_conv_column_s8_dsp",
            "depthwise_conv_column_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=column.fits,
            params=column.params,
            scratch=column.scratch,
            form="shared",
        ),
        _DSP,
        _1X1,
        _STRIPS,
        Kernel(
            "depthwise_conv_3x3_s8_dsp",
            "depthwise_conv_3x3_s8_dsp.h",
            needs=frozenset({"dsp", "fpu"}),
            fits=planes.fits,
            params=planes.params,
            scratch=planes.scratch,
            in_place=planes.in_place,
            rows_at_once=planes.rows_at_once,
            call_cycles=planes.call_cycles,
            form="shared",
        ),
        Kernel(
            "depthwise_fixed_s8_dsp",
            "depthwise_fixed_s8_dsp.h",
            needs=frozenset({"dsp", "fpu"}),
            fits=planes.fits_fixed,
            params=planes.params,
            scratch=planes.scratch,
            in_place=planes.in_place,
            rows_at_once=planes.rows_at_once,
            call_cycles=planes.call_cycles,
            form="shared",
            constants=planes.constants,
        ),
        Kernel(
            "depthwise_conv_s8_mve",
            "depthwise_conv_s8_mve.h",
            needs=frozenset({"mve"}),
            fits=any_mve.fits,
            params=any_mve.params,
            mac_cycles=2.0,
            form="shared",
        ),
        Kernel(
            "depthwise_tiles_s8_mve",
            "depthwise_tiles_s8_mve.h",
            needs=frozenset({"mve"}),
            fits=tiles.fits,
            params=tiles.params,
            scratch=tiles.scratch,
            in_place=tiles.in_place,
            rows_at_once=tiles.rows_at_once,
            mac_cycles=0.8,
            call_cycles=tiles.call_cycles,
            form="shared",
        ),
    )
    channel_axis: ClassVar[int] = 3

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Window:
        kind = DepthwiseConv2DComputed if computed.any_computed(inputs[1:]) else cls
        return kind.between(name, options, inputs, outputs)

    def check(self, node: Node) -> None:
        super().check(node)
        channels, (first, _, _, outputs) = node.input(0).shape[3], node.input(1).shape
        if first != 1 or outputs % channels or outputs != node.output.shape[3]:
            raise BadInput(
                f"{node}: a depthwise filter {node.input(1).shape} does not lead from {channels} to "
                f"{node.output.shape[3]} channels; convert the model again"
            )

    def by_group(self, node: Node, weights: Array) -> Array:
        _, height, width, outputs = weights.shape
        groups = node.input(0).shape[3]
        taps = weights.reshape(height * width, groups, outputs // groups, 1)
        return np.moveaxis(taps, 0, 2)

    def filter_of(self, node: Node, weights: Array) -> Array:
        groups, outputs, _, _ = weights.shape
        return np.moveaxis(weights, 2, 0).reshape(*node.input(1).shape[:3], groups * outputs)

    def params(self, node: Node) -> Params:
        return {**super().params(node), "depth": node.output.shape[3] // node.input(0).shape[3]}

    def macs(self, node: Node) -> int:
        return node.output.elements * node.input(1).elements // node.output.shape[3]


class Conv2DComputed(computed.Computed, Conv2D):
    """CONV_2D with a filter or a bias that is computed."""

    tflite = ()
    title = "CONV_2D"
    kernels = computed.kernels("conv", "conv_narrow_s16")
    folded = ()


class DepthwiseConv2DComputed(computed.Computed, DepthwiseConv2D):
    """DEPTHWISE_CONV_2D with a filter or a bias that is computed."""

    tflite = ()
    title = "DEPTHWISE_CONV_2D"
    kernels = computed.kernels("depthwise_conv")
    folded = ()
