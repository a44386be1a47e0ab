"""SVDF in int8 and float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import (
    ACTIVATIONS,
    CONVERT_AGAIN,
    CONVERT_TO_INT8,
    check_bias,
    check_constant,
    check_quant,
    multiplier,
    named,
)
from motes.ops.svdf import dsp


def _kernel(function: str, source: str, *dtypes: DType, **more: Any) -> Kernel:
    """For an input, weights and memory of these types."""
    return Kernel(
        function,
        source,
        fits=lambda node: (node.input(0).dtype, node.input(1).dtype, node.input(4).dtype) == dtypes,
        in_place=lambda node: ((1, 1),),
        form="shared",
        **more,
    )


def _dsp(function: str, memory: DType) -> Kernel:
    return Kernel(
        function,
        "svdf_s8_dsp.h",
        needs=frozenset({"dsp"}),
        fits=dsp.fits(memory),
        params=dsp.params,
        scratch=dsp.scratch,
        in_place=lambda node: ((1, 1),),
        form="shared",
    )


@dataclass(frozen=True)
class Svdf(Op):
    """A dense layer over the inputs of the last `memory` executions, factored into filters of rank `rank`.

    Inputs: x (batch, inputs), weights of features (filters, inputs), weights of time (filters, memory), an optional
    bias (filters / rank), and the memory (batch, filters * memory), a variable. Output: (batch, filters / rank).
    Dtypes: int8 x, output and weights of features, int32 bias, weights of time and memory both int8 or both int16; or
    all float32; or float32 with weights of int8 (hybrid), computed as floats of weights times their scale. The fused
    activation is that of float32; in integers TFLM ignores it. Source: TFLM's reference SVDF;
    Alvarez and Park, "End-to-end streaming keyword spotting", 2019.
    """

    tflite = (
        Builtin(
            "SVDF",
            {
                "rank": ("int", 0),
                "fused_activation_function": ("byte", 0),
                "asymmetric_quantize_inputs": ("bool", False),
            },
        ),
    )
    types = (DType.INT8, DType.FLOAT32)
    limits = "constant weights"
    kernels = (
        _kernel("svdf_s8", "svdf_s8.h", DType.INT8, DType.INT8, DType.INT8),
        _kernel("svdf_s8_s16", "svdf_s8.h", DType.INT8, DType.INT8, DType.INT16),
        _dsp("svdf_s8_dsp", DType.INT8),
        _dsp("svdf_s8_s16_dsp", DType.INT16),
        _kernel("svdf_f32", "svdf_f32.h", *(DType.FLOAT32,) * 3, params=lambda node: _float_params(node)),
        _kernel(
            "svdf_hybrid_f32",
            "svdf_f32.h",
            DType.FLOAT32,
            DType.INT8,
            DType.FLOAT32,
            params=lambda node: _float_params(node),
        ),
    )
    folded = (1, 2, 3)
    updates = (4,)

    rank: int
    activation: str

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Svdf:
        return cls(options["rank"], named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        _check_ends(node)
        x, feature, time, state, y = _tensors(node)
        self._check_types(node)
        if len(x.shape) != 2 or len(feature.shape) != 2 or len(time.shape) != 2:
            raise BadInput(f"{node}: {x}, {feature} and {time} must have two dimensions each; {CONVERT_AGAIN}")
        filters, memory = time.shape
        if self.rank < 1 or filters % self.rank:
            raise BadInput(f"{node}: {filters} filters cannot be divided into ranks of {self.rank}; {CONVERT_AGAIN}")
        wanted = {
            feature: (filters, x.shape[1]),
            state: (x.shape[0], filters * memory),
            y: (x.shape[0], filters // self.rank),
        }
        for tensor, shape in wanted.items():
            if tensor.shape != shape:
                raise BadInput(f"{node}: {tensor} does not fit {x} and {time}; {CONVERT_AGAIN}")
        if (node.outputs[1].shape, node.outputs[1].dtype) != (state.shape, state.dtype):
            raise BadInput(f"{node}: the memory {state} cannot become {node.outputs[1]}; {CONVERT_AGAIN}")
        for weights in (feature, time):
            check_constant(node, weights)
        bias = node.inputs[3]
        if bias is not None:
            check_bias(node, bias, y.shape[1], DType.FLOAT32 if x.dtype is DType.FLOAT32 else DType.INT32)
        if x.dtype is DType.INT8:
            _multipliers(node)

    def _check_types(self, node: Node) -> None:
        x, feature, time, state, y = _tensors(node)
        if x.dtype is DType.FLOAT32:
            weights = {feature.dtype, time.dtype}
            if {state.dtype, y.dtype} != {DType.FLOAT32} or weights not in ({DType.FLOAT32}, {DType.INT8}):
                raise Unsupported(node, f"{x} with {feature}, {time}, {state} and {y}", CONVERT_TO_INT8)
            if self.activation not in ACTIVATIONS:
                raise Unsupported(
                    node,
                    f"fused activation {self.activation} is not one of {', '.join(ACTIVATIONS)}",
                    "make the activation a layer of its own",
                )
            if weights == {DType.INT8}:
                _check_symmetric(node, feature, time)
            return
        if (x.dtype, feature.dtype, y.dtype) != (DType.INT8,) * 3:
            raise Unsupported(node, f"{x} with {feature} and {y} is not int8", CONVERT_TO_INT8)
        if time.dtype is not state.dtype or state.dtype not in (DType.INT8, DType.INT16):
            raise Unsupported(
                node, f"{time} and {state} are not both int8 or both int16", "quantize the model again, to one of these"
            )
        for tensor in (x, feature, time, state, y):
            check_quant(node, tensor)

    def params(self, node: Node) -> Params:
        x, feature, time, state, y = _tensors(node)
        assert feature.data is not None and time.data is not None
        state_multiplier, output_multiplier = _multipliers(node)
        offset = -x.zero_point * feature.data.astype(np.int64).sum(axis=1)
        return {
            **_sizes(node, self.rank),
            "feature": feature.data,
            "offset": offset.astype(np.uint64).astype(np.uint32).view(np.int32),
            "time": time.data,
            "bias": _bias(node, np.int32),
            "state_multiplier": state_multiplier[0],
            "state_shift": state_multiplier[1],
            "state_zero": state.zero_point,
            "multiplier": output_multiplier[0],
            "shift": output_multiplier[1],
            "zero_point": y.zero_point,
        }

    def macs(self, node: Node) -> int:
        x, feature, time, _, _ = _tensors(node)
        return x.shape[0] * (feature.elements + time.elements)


def _tensors(node: Node) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The input, the weights of features and of time, the memory and the output."""
    return node.input(0), node.input(1), node.input(2), node.input(4), node.outputs[0]


def _check_ends(node: Node) -> None:
    if len(node.inputs) != 5 or None in (*node.inputs[:3], node.inputs[4]) or len(node.outputs) != 2:
        raise BadInput(
            f"{node}: has {len(node.inputs)} inputs and {len(node.outputs) - 1} outputs, not an input, two weights, "
            f"an optional bias and a memory, and 1; {CONVERT_AGAIN}"
        )


def _sizes(node: Node, rank: int) -> dict[str, int]:
    x, _, time, _, y = _tensors(node)
    return {"batch": x.shape[0], "inputs": x.shape[1], "units": y.shape[1], "rank": rank, "memory": time.shape[1]}


def _bias(node: Node, dtype: type) -> Array:
    bias = node.inputs[3]
    return np.zeros(node.outputs[0].shape[1], dtype) if bias is None else np.asarray(bias.data)


def _multipliers(node: Node) -> tuple[tuple[int, int], tuple[int, int]]:
    """From the sums of features to the memory, and from those of time to the output: scales meet in float32, as in
    TFLM."""
    x, feature, time, state, y = (np.float32(t.scale) for t in _tensors(node))
    with np.errstate(over="ignore", under="ignore"):
        return multiplier(node, float(x * feature / state)), multiplier(node, float(state * time / y))


def _float_params(node: Node) -> Params:
    assert isinstance(node.op, Svdf), node
    _, feature, time, _, _ = _tensors(node)
    assert feature.data is not None and time.data is not None
    low, high = {"RELU": (0.0, np.inf), "RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0)}.get(
        node.op.activation, (-np.inf, np.inf)
    )
    return {
        **_sizes(node, node.op.rank),
        "feature": feature.data,
        "time": time.data,
        "feature_scale": _scale(feature),
        "time_scale": _scale(time),
        "bias": _bias(node, np.float32),
        "low": low,
        "high": high,
    }


def _scale(weights: Tensor) -> float:
    return weights.scale if weights.dtype is DType.INT8 else 1.0


def _check_symmetric(node: Node, *weights: Tensor) -> None:
    for tensor in weights:
        check_quant(node, tensor)
        if tensor.zero_point:
            raise Unsupported(node, f"{tensor} has the zero point {tensor.zero_point}, not 0", CONVERT_AGAIN)
