"""FULLY_CONNECTED: which of its forms serves a node, and the form with constant int8 weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.ir import DType, Kernel, Node, Params, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    check_activation,
    check_bias,
    check_int8,
    check_weights,
    float_limits,
    limits,
    named,
)
from motes.ops.fully_connected import dsp, fours, mve, nibbles, rounds, scalar
from motes.ops.fully_connected.dense import Dense
from motes.ops.fully_connected.general import FullyConnectedBiased, FullyConnectedGeneral
from motes.ops.fully_connected.sums import bias_of, bias_tensor, check_shapes, folded_bias, rescaling, weights_of


def _is_int8(node: Node) -> bool:
    return node.input(0).dtype is DType.INT8


def _is_bytes(node: Node) -> bool:
    """Whether it is int8, and the weights go into the image one a byte."""
    return _is_int8(node) and not nibbles.fits(node)


@dataclass(frozen=True)
class FullyConnected(Dense):
    """Dense layers of constant int8 weights, symmetric, per tensor or per output.

    Dtypes: int8 input and output with int32 bias or none; or hybrid: float32 input, output and bias, computed as floats
    of weights times their scale. Weights of four bits stay two a byte. Any other FULLY_CONNECTED becomes a
    `FullyConnectedGeneral`, for which int16 and all float32 are served, too. Source: TFLM's reference FULLY_CONNECTED;
    int8 sums wrap modulo 2^32 there too. LiteRT computes hybrid layers less exactly, with inputs that it quantizes.
    """

    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    kernels = (
        Kernel("fully_connected_s8", "fully_connected_s8.h", fits=_is_int8),
        Kernel(
            "fully_connected_rounds_s8",
            "fully_connected_rounds_s8.h",
            fits=_is_bytes,
            together=rounds.params_of_rounds,
        ),
        Kernel(
            "fully_connected_rounds_s8_dsp",
            "fully_connected_rounds_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=_is_bytes,
            together=rounds.params_of_rounds,
        ),
        Kernel(
            "fully_connected_hybrid_f32",
            "fully_connected_hybrid_f32.h",
            fits=lambda node: not _is_int8(node),
            params=lambda node: _hybrid_params(node),
        ),
        Kernel("fully_connected_nibbles_s8", "fully_connected_nibbles_s8.h", fits=nibbles.fits, params=nibbles.params),
        Kernel(
            "fully_connected_s8_scalar",
            "fully_connected_s8_scalar.h",
            needs=frozenset({"scalar"}),
            fits=_is_bytes,
            params=scalar.params,
            form="shared",
        ),
        Kernel(
            "fully_connected_fours_s8_dsp",
            "fully_connected_fours_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: _is_bytes(node) and fours.fits(node),
            params=fours.params,
        ),
        Kernel(
            "fully_connected_s8_dsp",
            "fully_connected_s8_dsp.h",
            needs=frozenset({"dsp", "fpu"}),
            fits=lambda node: _is_bytes(node) and dsp.fits(node),
            pays=dsp.pays,
            params=dsp.params,
            scratch=dsp.scratch,
            scratch_over=dsp.scratch_over,
            form="shared",
            constants=dsp.constants,
        ),
        Kernel(
            "fully_connected_nibbles_s8_dsp",
            "fully_connected_nibbles_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=nibbles.fits,
            params=nibbles.params,
        ),
        Kernel(
            "fully_connected_s8_mve",
            "fully_connected_s8_mve.h",
            needs=frozenset({"mve"}),
            fits=lambda node: _is_bytes(node) and mve.fits(node),
            params=mve.params,
            form="shared",
        ),
    )
    folded = (1, 2)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Dense:
        bias = inputs[2] if len(inputs) > 2 else None
        kind: type[Dense] = FullyConnectedGeneral if _needs_pointer(inputs) else cls
        if bias is not None and bias.data is None:
            kind = FullyConnectedBiased
        return kind(named(ACTIVATIONS, options["fused_activation_function"]), options["weights_format"])

    def check(self, node: Node) -> None:
        self.check_options(node)
        x, y = node.input(0), node.output
        hybrid = x.dtype is DType.FLOAT32 and y.dtype is DType.FLOAT32
        if not hybrid:
            check_int8(node, x, y)
        units, _ = check_shapes(node)
        check_weights(node, node.input(1), units, axis=0)
        bias = bias_tensor(node)
        if bias is not None:
            check_bias(node, bias, units, DType.FLOAT32 if hybrid else DType.INT32)
        check_activation(node, self.activation)
        if not hybrid:
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


def _needs_pointer(inputs: Sequence[Tensor | None]) -> bool:
    """Whether the weights are no constants of int8 around 0, or the input is int16."""
    x, weights = (*inputs, None, None)[:2]
    if x is None or weights is None:
        return False
    around_zero = weights.quant is None or not weights.quant.per_tensor or weights.zero_point == 0
    return (
        weights.data is None or x.dtype is weights.dtype is DType.FLOAT32 or x.dtype is DType.INT16 or not around_zero
    )


def _hybrid_params(node: Node) -> Params:
    assert isinstance(node.op, FullyConnected), node
    weights = node.input(1)
    assert weights.quant is not None, node
    units, depth = weights.shape
    low, high = float_limits(node.op.activation)
    return {
        "rows": node.output.elements // units,
        "depth": depth,
        "units": units,
        "weights": weights_of(node),
        "scale": np.array(weights.quant.scale, np.float32),
        "step": int(len(weights.quant.scale) > 1),
        "bias": bias_of(node).astype(np.float32),
        "low": low,
        "high": high,
    }
