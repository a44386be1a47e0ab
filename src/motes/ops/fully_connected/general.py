"""FULLY_CONNECTED beyond constant int8 weights: the weights come as a pointer, from flash or from memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from motes.errors import Unsupported
from motes.ir import Array, DType, Kernel, Node, Params
from motes.ops.common import (
    CONVERT_TO_INT8,
    check_activation,
    check_bias,
    check_constant,
    check_quant,
    check_symmetric,
    float_limits,
    limits,
)
from motes.ops.fully_connected.dense import Dense
from motes.ops.fully_connected.sums import bias_of, bias_tensor, check_shapes, rescaling, wide

_WEIGHTS = {DType.INT8: DType.INT8, DType.INT16: DType.INT8, DType.FLOAT32: DType.FLOAT32}


def _fits(dtype: DType, narrow: bool = False) -> Callable[[Node], bool]:
    """Whether the input is of this type, and sums of int16 as wide as that."""
    return lambda node: node.input(0).dtype is dtype and not (narrow and wide(node))


@dataclass(frozen=True)
class FullyConnectedGeneral(Dense):
    """As `FullyConnected`, where weights are computed, have a zero point, or serve int16 or float32 inputs.

    Dtypes: int8 with int8 weights and int32 bias; int16 with int8 weights and int64 or int32 bias; all float32. A
    zero point of the weights is taken away where one scale serves all. The bias is constant; else see
    `FullyConnectedBiased`.
    Source: TFLM's reference FULLY_CONNECTED: int16 sums have 64 bits, unless an int32 bias makes them 32 bits wide.
    """

    kernels: ClassVar[tuple[Kernel, ...]] = (
        Kernel(
            "fully_connected_computed_s8",
            "fully_connected_computed_s8.h",
            fits=_fits(DType.INT8),
        ),
        Kernel(
            "fully_connected_s16",
            "fully_connected_s16.h",
            fits=_fits(DType.INT16),
            params=lambda node: {**node.op.params(node), "wide": int(wide(node))},
        ),
        Kernel(
            "fully_connected_f32",
            "fully_connected_f32.h",
            fits=_fits(DType.FLOAT32),
            params=lambda node: _float_params(node),
        ),
    )
    folded: ClassVar[tuple[int, ...]] = (2,)

    def check(self, node: Node) -> None:
        self.check_options(node)
        x, weights, y = node.input(0), node.input(1), node.output
        if x.dtype not in _WEIGHTS or y.dtype is not x.dtype or weights.dtype is not _WEIGHTS[x.dtype]:
            raise Unsupported(
                node, f"{x} times {weights} to {y} is not a combination of types it does", CONVERT_TO_INT8
            )
        units, _ = check_shapes(node)
        if x.dtype is DType.FLOAT32:
            if weights.data is not None:
                check_constant(node, weights)
            _check_bias(node, units, DType.FLOAT32)
        else:
            check_quant(node, x)
            check_quant(node, y)
            _check_weights(node, units)
            _check_bias(node, units, DType.INT64 if wide(node) else DType.INT32)
            rescaling(node, wide(node))
        check_activation(node, self.activation)

    def bias(self, node: Node, dtype: type[np.number[Any]]) -> int | Array:
        """The bias, one number a unit; 0 where the kernel gets a pointer to it."""
        return bias_of(node).astype(dtype)

    def params(self, node: Node) -> Params:
        x, weights, y = node.input(0), node.input(1), node.output
        assert weights.quant is not None
        units, depth = weights.shape
        multipliers, shifts = rescaling(node, wide(node))
        low, high = limits(node, self.activation)
        return {
            "rows": y.elements // units,
            "depth": depth,
            "units": units,
            "bias": self.bias(node, np.int32 if x.dtype is DType.INT8 else np.int64),
            "multiplier": multipliers,
            "shift": shifts,
            "step": int(len(multipliers) > 1),
            "x_zero": x.zero_point,
            "weights_zero": weights.quant.zero_point[0],
            "y_zero": y.zero_point,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True)
class FullyConnectedBiased(FullyConnectedGeneral):
    """As `FullyConnectedGeneral`, where the bias is computed."""

    kernels = (
        Kernel("fully_connected_biased_s8", "fully_connected_biased.h", fits=_fits(DType.INT8), form="shared"),
        Kernel(
            "fully_connected_biased_s16",
            "fully_connected_biased.h",
            fits=_fits(DType.INT16),
            params=lambda node: {**node.op.params(node), "wide": int(wide(node))},
            form="shared",
        ),
        Kernel(
            "fully_connected_narrow_s16",
            "fully_connected_biased.h",
            fits=_fits(DType.INT16, narrow=True),
            params=lambda node: {**node.op.params(node), "wide": 0},
            scratch=lambda node: node.input(1).shape[0] * DType.INT64.size,
            form="shared",
        ),
        Kernel(
            "fully_connected_biased_f32",
            "fully_connected_biased.h",
            fits=_fits(DType.FLOAT32),
            params=lambda node: _float_params(node),
            form="shared",
        ),
    )
    folded = ()

    def bias(self, node: Node, dtype: type[np.number[Any]]) -> int | Array:
        return 0


def _float_params(node: Node) -> Params:
    assert isinstance(node.op, FullyConnectedGeneral), node
    units, depth = node.input(1).shape
    low, high = float_limits(node.op.activation)
    rows = node.output.elements // units
    return {
        "rows": rows,
        "depth": depth,
        "units": units,
        "bias": node.op.bias(node, np.float32),
        "low": low,
        "high": high,
    }


def _check_weights(node: Node, units: int) -> None:
    """One scale and zero point, or one scale for each unit and no zero point."""
    weights = node.input(1)
    if weights.data is not None:
        check_constant(node, weights)
    if weights.quant is not None and weights.quant.per_tensor and weights.quant.zero_point[0] != 0:
        check_quant(node, weights)
    else:
        check_symmetric(node, weights, units, axis=0)


def _check_bias(node: Node, units: int, dtype: DType) -> None:
    bias = bias_tensor(node)
    if bias is not None:
        check_bias(node, bias, units, dtype, computed=isinstance(node.op, FullyConnectedBiased))
