"""UNIDIRECTIONAL_SEQUENCE_LSTM in int8, int16 and float32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import CONVERT_AGAIN, CONVERT_TO_INT8, check_constant, check_quant
from motes.ops.lstm import dsp
from motes.ops.lstm.rescaling import cell_rescaling, gate_rescaling

INPUT_WEIGHTS, HIDDEN_WEIGHTS, BIASES = (1, 2, 3, 4), (5, 6, 7, 8), (12, 13, 14, 15)
"""Inputs (by index) of the gates in the order input, forget, cell, output."""
VARIANTS = {9: "peepholes", 10: "peepholes", 11: "peepholes", 16: "a projection", 17: "a projection"} | dict.fromkeys(
    (20, 21, 22, 23), "layer normalization"
)
"""Inputs of variants that are not done, nor by TFLM."""
HIDDEN, CELL = 18, 19
TANH = 4
"""The activation of the cell gate, by its code in the schema."""

_TYPES = {
    DType.INT8: (DType.INT8, DType.INT32, DType.INT16),
    DType.INT16: (DType.INT8, DType.INT64, DType.INT16),
    DType.FLOAT32: (DType.FLOAT32, DType.FLOAT32, DType.FLOAT32),
}
"""Of weights, biases and cells, for each type of values."""


def _kernel(function: str, source: str, values: DType, weights: DType, **more: Any) -> Kernel:
    return Kernel(
        function,
        source,
        fits=lambda node: (node.input(0).dtype, node.input(INPUT_WEIGHTS[0]).dtype) == (values, weights),
        in_place=lambda node: ((1, 1), (2, 2)),
        form="shared",
        **more,
    )


@dataclass(frozen=True)
class UnidirectionalSequenceLstm(Op):
    """Long short-term memory over all steps of a sequence, or of several.

    With the logistic function s, the gates i, f, g, o = s(.), s(.), tanh(.), s(.) of W x + R h + b, the cell becomes
    c = f c + i g, within +-`cell_clip` where that is positive, and the output and next hidden value is h = o tanh(c).

    Inputs, by their index in TensorFlow Lite: x (batch, steps, inputs), or (steps, batch, inputs) if `time_major`;
    1 to 4 W (units, inputs); 5 to 8 R (units, units); 12 to 15 b (units); 18 h and 19 c, variables of batch * units.
    Output: h of every step. Dtypes: int8 values, W and R, int32 b, int16 c; or int16 values, int8 W and R, int64 b,
    int16 c; or all float32, whose functions are within 2 ulp each: where a sum nearly vanishes, more; or float32 with
    int8 W and R (hybrid), computed as floats of weights times their scale. Source: TFLM's reference kernel; Hochreiter
    and Schmidhuber, "Long Short-Term Memory", in Neural Computation, 1997.
    """

    tflite = (
        Builtin(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            {
                "fused_activation_function": ("byte", 0),
                "cell_clip": ("float", 0.0),
                "proj_clip": ("float", 0.0),
                "time_major": ("bool", False),
                "asymmetric_quantize_inputs": ("bool", False),
                "diagonal_recurrent_tensors": ("bool", False),
            },
        ),
    )
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    limits = "constant weights; no peepholes, projection or layer normalization"
    ulp = 512
    kernels = (
        _kernel("lstm_s8", "lstm_s8.h", DType.INT8, DType.INT8),
        Kernel(
            "lstm_s8_dsp",
            "lstm_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=dsp.fits,
            params=dsp.params,
            scratch=dsp.scratch,
            in_place=lambda node: ((1, 1), (2, 2)),
            form="shared",
        ),
        _kernel("lstm_s16", "lstm_s16.h", DType.INT16, DType.INT8),
        _kernel("lstm_f32", "lstm_f32.h", DType.FLOAT32, DType.FLOAT32, params=lambda node: _float_params(node)),
        _kernel("lstm_hybrid_f32", "lstm_f32.h", DType.FLOAT32, DType.INT8, params=lambda node: _float_params(node)),
    )
    folded = (*INPUT_WEIGHTS, *HIDDEN_WEIGHTS, *BIASES)
    updates = (HIDDEN, CELL)

    activation: int
    cell_clip: float
    time_major: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> UnidirectionalSequenceLstm:
        return cls(options["fused_activation_function"], options["cell_clip"], options["time_major"])

    def check(self, node: Node) -> None:
        _check_ends(node)
        if self.activation != TANH:
            raise Unsupported(
                node,
                f"its activation has code {self.activation}, not TANH",
                "use the default activation of LSTM layers",
            )
        if not self.cell_clip >= 0:
            raise BadInput(f"{node}: a cell clip of {self.cell_clip} is negative; {CONVERT_AGAIN}")
        _check_types(node)
        self._check_shapes(node)
        if node.input(0).dtype is not DType.FLOAT32:
            gate_rescaling(node)
            cell_rescaling(node, self.cell_clip)

    def _check_shapes(self, node: Node) -> None:
        x, y = node.input(0), node.outputs[0]
        if len(x.shape) != 3 or len(y.shape) != 3 or x.shape[:2] != y.shape[:2]:
            raise BadInput(f"{node}: {x} and {y} are not sequences of one length; {CONVERT_AGAIN}")
        batch, units, inputs = x.shape[int(self.time_major)], y.shape[2], x.shape[2]
        wanted = dict.fromkeys(INPUT_WEIGHTS, (units, inputs)) | dict.fromkeys(HIDDEN_WEIGHTS, (units, units))
        for index, shape in (wanted | dict.fromkeys(BIASES, (units,))).items():
            tensor = node.input(index)
            if tensor.shape != shape:
                raise BadInput(f"{node}: {tensor} has not the shape {list(shape)}; {CONVERT_AGAIN}")
            check_constant(node, tensor)
        for index, made in ((HIDDEN, node.outputs[1]), (CELL, node.outputs[2])):
            tensor = node.input(index)
            if tensor.elements != batch * units or (made.shape, made.dtype) != (tensor.shape, tensor.dtype):
                raise BadInput(f"{node}: {tensor} does not hold {batch} times {units} values; {CONVERT_AGAIN}")

    def sizes(self, node: Node) -> dict[str, int]:
        """Numbers of sequences, steps, inputs and units, and the rows between them."""
        x, y = node.input(0), node.outputs[0]
        first, second = x.shape[:2]
        batch, steps = (second, first) if self.time_major else (first, second)
        return {
            "batch": batch,
            "steps": steps,
            "inputs": x.shape[2],
            "units": y.shape[2],
            "batch_rows": 1 if self.time_major else steps,
            "step_rows": batch if self.time_major else 1,
        }

    def params(self, node: Node) -> Params:
        return {
            **self.sizes(node),
            "input_weights": of_gates(node, INPUT_WEIGHTS),
            "hidden_weights": of_gates(node, HIDDEN_WEIGHTS),
            "bias": of_gates(node, BIASES),
            "x_zero": node.input(0).zero_point,
            **gate_rescaling(node),
            **cell_rescaling(node, self.cell_clip),
        }

    def macs(self, node: Node) -> int:
        x, y = node.input(0), node.outputs[0]
        return 4 * y.elements * (x.shape[2] + y.shape[2])


def of_gates(node: Node, indices: Sequence[int]) -> Array:
    """(4, ...): of each gate, the constant input with its index."""
    found = [node.input(i).data for i in indices]
    return np.stack([data for data in found if data is not None])


def _float_params(node: Node) -> Params:
    assert isinstance(node.op, UnidirectionalSequenceLstm), node
    return {
        **node.op.sizes(node),
        "input_weights": of_gates(node, INPUT_WEIGHTS),
        "hidden_weights": of_gates(node, HIDDEN_WEIGHTS),
        "scale": np.array([_scale(node.input(i)) for i in (*INPUT_WEIGHTS, *HIDDEN_WEIGHTS)], np.float32),
        "bias": of_gates(node, BIASES),
        "clip": node.op.cell_clip,
    }


def _scale(weights: Tensor) -> float:
    return weights.scale if weights.dtype is DType.INT8 else 1.0


def _check_ends(node: Node) -> None:
    """All inputs of the basic LSTM are there, and none of its variants."""
    count = len(node.inputs)
    needed = (0, *INPUT_WEIGHTS, *HIDDEN_WEIGHTS, *BIASES, HIDDEN, CELL)
    if count not in (20, 24) or any(node.inputs[i] is None for i in needed) or len(node.outputs) != 3:
        missing = [str(i) for i in needed if i >= count or node.inputs[i] is None]
        raise Unsupported(
            node,
            f"has {count} inputs, of which {', '.join(missing) or 'none'} are missing",
            "use a plain LSTM layer, its input and forget gates apart, and convert again",
        )
    for index, what in VARIANTS.items():
        if index < count and node.inputs[index] is not None:
            raise Unsupported(node, f"has {what}", "use a plain LSTM layer")


def _check_types(node: Node) -> None:
    x, y = node.input(0), node.outputs[0]
    if x.dtype not in _TYPES:
        raise Unsupported(node, f"{x} is not int8, int16 or float32", CONVERT_TO_INT8)
    weights, bias, cell = _TYPES[x.dtype]
    hybrid = x.dtype is DType.FLOAT32 and node.input(INPUT_WEIGHTS[0]).dtype is DType.INT8
    weights = DType.INT8 if hybrid else weights
    wanted = dict.fromkeys((*INPUT_WEIGHTS, *HIDDEN_WEIGHTS), weights) | dict.fromkeys(BIASES, bias)
    for index, dtype in (wanted | {HIDDEN: x.dtype, CELL: cell}).items():
        if node.input(index).dtype is not dtype:
            raise Unsupported(node, f"{x} with {node.input(index)}, which is not {dtype.value}", CONVERT_TO_INT8)
    if y.dtype is not x.dtype:
        raise Unsupported(node, f"{x} becomes {y} of another type", CONVERT_TO_INT8)
    quantized: tuple[int, ...] = () if x.dtype is DType.FLOAT32 else (0, HIDDEN, CELL)
    for index in (*quantized, *(i for i in wanted if wanted[i] is DType.INT8)):
        tensor = node.input(index)
        check_quant(node, tensor)
        free = x.dtype is DType.INT8 and index in (0, HIDDEN)
        if tensor.zero_point and not free:
            raise Unsupported(node, f"{tensor} has the zero point {tensor.zero_point}, not 0", CONVERT_AGAIN)
