"""FULLY_CONNECTED for int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    check_activation,
    check_arity,
    check_bias,
    check_int8,
    check_weights,
    limits,
    named,
)
from motes.ops.fully_connected import dsp, fours
from motes.ops.fully_connected.sums import folded_bias, rescaling, weights_of


@dataclass(frozen=True)
class FullyConnected(Op):
    """y[b, o] = activation(sum over i of weights[o, i] * x[b, i] + bias[o]), for every row b of the input.

    Dtypes: int8 input and output, int8 symmetric weights (per tensor or per output), int32 bias or none. Weights and
    bias are constants. The input may have any rank: its elements are taken as rows of `weights.shape[1]`.
    Source: TFLM's reference FULLY_CONNECTED. Sums wrap modulo 2^32 there too.
    """

    tflite = (
        Builtin(
            "FULLY_CONNECTED",
            {
                "fused_activation_function": ("byte", 0),
                "weights_format": ("byte", 0),
                "keep_num_dims": ("bool", False),
                "asymmetric_quantize_inputs": ("bool", False),
                "quantized_bias_type": ("byte", 0),
            },
        ),
    )
    types = (DType.INT8,)
    kernels = (
        Kernel("fully_connected_s8", "fully_connected_s8.h"),
        Kernel(
            "fully_connected_fours_s8_dsp",
            "fully_connected_fours_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=fours.fits,
            params=fours.params,
        ),
        Kernel(
            "fully_connected_s8_dsp",
            "fully_connected_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=dsp.fits,
            params=dsp.params,
            form="shared",
        ),
    )
    folded = (1, 2)

    activation: str = "NONE"
    weights_format: int = 0

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> FullyConnected:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]), options["weights_format"])

    def check(self, node: Node) -> None:
        check_arity(node, 2, 3)
        x, weights, y = node.input(0), node.input(1), node.output
        check_int8(node, x, y)
        if self.weights_format != 0:
            raise Unsupported(node, f"weights format {self.weights_format} is not the default", CONVERT_AGAIN)
        if len(weights.shape) != 2:
            raise BadInput(f"{node}: its weights, {weights}, are not a matrix; {CONVERT_AGAIN}")
        units, depth = weights.shape
        check_weights(node, weights, units, axis=0)
        if len(node.inputs) == 3 and node.inputs[2] is not None:
            check_bias(node, node.input(2), units)
        if not y.shape or y.shape[-1] != units or x.elements * units != y.elements * depth:
            raise BadInput(f"{node}: {x} times {weights} does not give {y}; {CONVERT_AGAIN}")
        check_activation(node, self.activation)
        rescaling(node)

    def params(self, node: Node) -> Params:
        units, depth = node.input(1).shape
        multipliers, shifts = rescaling(node)
        low, high = limits(node, self.activation)
        return {
            "rows": node.output.elements // units,
            "depth": depth,
            "units": units,
            "weights": weights_of(node),
            "bias": folded_bias(node),
            "multiplier": multipliers,
            "shift": shifts,
            "step": int(len(multipliers) > 1),
            "zero_point": node.output.zero_point,
            "low": low,
            "high": high,
        }

    def macs(self, node: Node) -> int:
        return node.output.elements * node.input(1).shape[1]
