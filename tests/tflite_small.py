"""Small .tflite files for tests: one fully connected layer, whole or spoiled, and what `load` says about it."""

from __future__ import annotations

import numpy as np
import pytest

from motes.errors import MotesError
from motes.ir import DType, Tensor, quant
from motes.tflite import load
from tflite_writer import Extras, Operator, write_model

X = Tensor("x", (1, 8), DType.INT8, quant(0.5, -3))
Y = Tensor("y", (1, 4), DType.INT8, quant(0.25, 5))
Z = Tensor("z", (1, 4), DType.INT8, quant(1 / 256, -128))
WEIGHTS = Tensor("w", (4, 8), DType.INT8, quant(0.125, 0), np.arange(-16, 16, dtype=np.int8).reshape(4, 8))
BIAS = Tensor("b", (4,), DType.INT32, quant(0.0625, 0), np.arange(4, dtype=np.int32))
FC = {
    "fused_activation_function": "NONE",
    "weights_format": "DEFAULT",
    "keep_num_dims": False,
    "asymmetric_quantize_inputs": False,
}


def dense(
    x: Tensor = X, w: Tensor = WEIGHTS, b: Tensor | None = BIAS, y: Tensor = Y, extras: Extras | None = None
) -> bytes:
    """A model of one fully connected layer."""
    return write_model([Operator("FULLY_CONNECTED", (x, w, b), (y,), FC)], [x], [y], extras)


def changed(tensor: Tensor, **changes: object) -> Tensor:
    values = {k: getattr(tensor, k) for k in ("name", "shape", "dtype", "quant", "data", "bits")}
    return Tensor(**{**values, **changes})  # type: ignore[arg-type]


def message(data: bytes, kind: type[MotesError]) -> str:
    """What `load` says about a file it refuses."""
    with pytest.raises(kind) as caught:
        load(data, "m")
    assert type(caught.value) is kind
    assert caught.value.exit_code == 2
    return str(caught.value)
