"""A small application that hears three words in anything, and its model."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from motes.ir import DType, Tensor, quant
from tflite_writer import Operator, write_model

MODEL_INPUT = (1, 12)


def small_model(folder: Path, name: str = "small.tflite", inputs: int = 1, classes: int = 3) -> Path:
    """A softmax over a fully connected layer; with `inputs` 2, one more output that adds two inputs."""
    rng = np.random.default_rng(3)
    x = Tensor("x", MODEL_INPUT, DType.INT8, quant(0.1, -128))
    w = Tensor("w", (classes, 12), DType.INT8, quant(0.02, 0), rng.integers(-127, 128, (classes, 12)).astype(np.int8))
    b = Tensor("b", (classes,), DType.INT32, quant(0.002, 0), np.zeros(classes, np.int32))
    h = Tensor("h", (1, classes), DType.INT8, quant(0.2, 0))
    y = Tensor("y", (1, classes), DType.INT8, quant(1 / 256, -128))
    operators = [
        Operator("FULLY_CONNECTED", (x, w, b), (h,), {}),
        Operator("SOFTMAX", (h,), (y,), {"beta": 1.0}),
    ]
    ins, outs = [x], [y]
    if inputs == 2:
        other = Tensor("other", MODEL_INPUT, DType.INT8, quant(0.1, 0))
        both = Tensor("both", MODEL_INPUT, DType.INT8, quant(0.2, 0))
        operators.append(Operator("ADD", (x, other), (both,), {}))
        ins, outs = [x, other], [y, both]
    path = folder / name
    path.write_bytes(write_model(operators, ins, outs))
    return path


GOOD = """
import motes as mt
mic = mt.Microphone(rate=16_000)
features = mt.MicroFrontend(window_ms=30, stride_ms=20, channels=4)(mic)
scores = mt.Model("small.tflite")(features.window(3))
heard = mt.Detect(labels=["a", "b", "unknown"], threshold=0.5, average_ms=120, suppress_ms=300)(scores)
app = mt.App("small", mt.Print(heard))
"""
