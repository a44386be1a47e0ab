"""A small application on noise: what tests of whole runs and of their reports build."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

import motes as mt
from motes.ir import DType, Tensor, quant
from tflite_writer import Operator, write_model

RATE = 16_000


def noise(path: Path, seconds: float = 3.0, rate: int = RATE) -> Path:
    """Bursts of noise that make a random model change its mind."""
    rng = np.random.default_rng(5)
    loud = np.repeat(rng.uniform(10, 9000, int(seconds * 8) + 1), rate // 8)[: int(seconds * rate)]
    samples = (loud * rng.standard_normal(len(loud)) / 3).clip(-32768, 32767).astype(np.int16)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def conv(index: int, x: Tensor, channels: int, rng: np.random.Generator) -> tuple[Operator, Tensor]:
    depth = x.shape[3]
    w = Tensor(
        f"w{index}", (channels, 3, 3, depth), DType.INT8, quant(0.004, 0),
        rng.integers(-127, 128, (channels, 3, 3, depth)).astype(np.int8),
    )  # fmt: skip
    b = Tensor(f"b{index}", (channels,), DType.INT32, quant(x.scale * 0.004, 0), np.zeros(channels, np.int32))
    y = Tensor(f"y{index}", (1, *x.shape[1:3], channels), DType.INT8, quant(0.1, -128))
    options = {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "fused_activation_function": "RELU",
        "dilation_w_factor": 1,
        "dilation_h_factor": 1,
    }
    return Operator("CONV_2D", (x, w, b), (y,), options), y


def classifier(path: Path, size: int, layers: int, channels: int = 16) -> Path:
    """Convolutions over (1, size, size, 1), then two classes."""
    rng = np.random.default_rng(1)
    x = Tensor("x", (1, size, size, 1), DType.INT8, quant(666 / 256 / 25.6, -128))
    operators, h = [], x
    for i in range(layers):
        operator, h = conv(i, h, channels, rng)
        operators.append(operator)
    w = Tensor(
        "w", (2, h.elements), DType.INT8, quant(0.01, 0), rng.integers(-127, 128, (2, h.elements)).astype(np.int8)
    )
    b = Tensor("b", (2,), DType.INT32, quant(h.scale * 0.01, 0), np.zeros(2, np.int32))
    z = Tensor("z", (1, 2), DType.INT8, quant(1.0, 0))
    y = Tensor("y", (1, 2), DType.INT8, quant(1 / 256, -128))
    operators += [Operator("FULLY_CONNECTED", (h, w, b), (z,), {}), Operator("SOFTMAX", (z,), (y,), {"beta": 1.0})]
    path.write_bytes(write_model(operators, [x], [y]))
    return path


def application(
    model: Path, size: int, hop_ms: int, stride: int, name: str = "bursts", labels: Sequence[str] = ("first", "second")
) -> mt.App:
    """Windows of `size` frames with as many channels, `hop_ms` apart, through the classifier every `stride` frames."""
    mic = mt.Microphone(rate=RATE)
    features = mt.MicroFrontend(window_ms=30, stride_ms=hop_ms, channels=size)(mic)
    scores = mt.Model(model)(features.window(size, stride=stride))
    heard = mt.Detect(labels=labels, threshold=0.55, average_ms=200, suppress_ms=300)(scores)
    return mt.App(name, mt.Print(heard), mt.LED(heard, ms=100))
