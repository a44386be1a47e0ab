"""What every FULLY_CONNECTED shares: its options, and how it is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import Unsupported
from motes.ir import Builtin, DType, Node, Tensor
from motes.ops.common import ACTIVATIONS, CONVERT_AGAIN, check_arity, limits, named
from motes.ops.fully_connected.sums import bias_of, bias_tensor, rescaling, weights_of, wide
from motes.ops.linear import Linear, Weighted


@dataclass(frozen=True)
class Dense(Weighted):
    """y[b, o] = activation(sum over i of weights[o, i] * x[b, i] + bias[o]), for every row b of the input.

    The input may have any rank: its elements are taken as rows of `weights.shape[1]`. The options keep_num_dims, which
    the output's shape says again, and asymmetric_quantize_inputs, which concerns how LiteRT quantizes floats, are not
    needed.
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

    activation: str = "NONE"
    weights_format: int = 0
    compact: bool = False  # whether its code should rather be small than a fiftieth faster

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Dense:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]), options["weights_format"])

    def check_options(self, node: Node) -> None:
        """Raise unless inputs and outputs are there, and the weights lie as they always do."""
        check_arity(node, 2, 3)
        if self.weights_format != 0:
            raise Unsupported(node, f"weights format {self.weights_format} is not the default", CONVERT_AGAIN)

    def linear(self, node: Node) -> Linear | None:
        x, weights, y = node.input(0), node.input(1), node.output
        bias = bias_tensor(node)
        if weights.data is None or (bias is not None and bias.data is None) or weights.quant is None:
            return None
        if x.dtype not in (DType.INT8, DType.INT16):
            return None
        if any(weights.quant.zero_point) or (y.shape[-1], x.shape[-1]) != weights.shape:
            return None
        multipliers, shifts = rescaling(node, wide(node))
        return Linear(
            weights_of(node)[np.newaxis, :, np.newaxis],
            bias_of(node).astype(np.int64)[np.newaxis],
            x.zero_point,
            np.ones((1, 1), bool),
            multipliers,
            shifts,
            y.zero_point,
            limits(node, self.activation),
            DType.INT64 if wide(node) else DType.INT32,
        )

    def macs(self, node: Node) -> int:
        return node.output.elements * node.input(1).shape[1]
