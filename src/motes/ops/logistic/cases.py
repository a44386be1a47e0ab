"""Generated test cases of the activations that bend."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from motes.ir import DType, Quant, Tensor, quant
from motes.ops.case import Case, Oracle, draw_zero_point, float32

COUNT = 40
"""Cases of each operator and type."""

FLOAT32, INT8, UINT8, INT16 = DType.FLOAT32, DType.INT8, DType.UINT8, DType.INT16

_SERVED: tuple[tuple[str, DType, Oracle], ...] = (
    ("LOGISTIC", FLOAT32, "tflm"),
    ("LOGISTIC", INT8, "tflm"),
    ("LOGISTIC", UINT8, "litert"),
    ("LOGISTIC", INT16, "tflm"),
    ("TANH", FLOAT32, "tflm"),
    ("TANH", INT8, "tflm"),
    ("TANH", UINT8, "litert"),
    ("TANH", INT16, "tflm"),
    ("HARD_SWISH", FLOAT32, "tflm"),
    ("HARD_SWISH", INT8, "tflm"),
    ("HARD_SWISH", UINT8, "litert"),
    ("ELU", FLOAT32, "tflm"),
    ("ELU", INT8, "tflm"),
    ("GELU", FLOAT32, "litert"),
    ("GELU", INT8, "litert"),
    ("GELU", UINT8, "litert"),
    ("GELU", INT16, "litert"),
)

_FLOATS = ((-1.0, 1.0), (-10.0, 10.0), (-1e-3, 1e-3), (-100.0, 100.0), (-1e-30, 1e-30))


def cases() -> Iterator[Case]:
    """Every operator in every type: floats from tiny to saturated, inputs from flat to steep."""
    for builtin, dtype, oracle in _SERVED:
        for seed in range(COUNT):
            name = f"{builtin.lower()}_{dtype.value}_{seed}"
            rng = random.Random(name)
            rank = rng.randint(1, 5)
            shape = tuple(rng.randint(1, (60, 10, 6, 4, 3)[rank - 1]) for _ in range(rank))
            options = {"approximate": rng.random() < 0.5} if builtin == "GELU" else {}
            yield (_float if dtype is FLOAT32 else _quantized)(rng, builtin, dtype, shape, name, oracle, options)


def _float(
    rng: random.Random,
    builtin: str,
    dtype: DType,
    shape: tuple[int, ...],
    name: str,
    oracle: Oracle,
    options: dict[str, Any],
) -> Case:
    x, y = Tensor("x", shape, dtype), Tensor("y", shape, dtype)
    low, high = rng.choice(_FLOATS)
    if builtin == "GELU":
        # Below, the approximate form is the difference of equal numbers, and the other leaves the normal floats.
        low = max(low, -0.5 if options["approximate"] else -12.0)
    return Case(name, builtin, options, (x,), (y,), {x: (low, high)}, oracle)


def _quantized(
    rng: random.Random,
    builtin: str,
    dtype: DType,
    shape: tuple[int, ...],
    name: str,
    oracle: Oracle,
    options: dict[str, Any],
) -> Case:
    bits = 8 * dtype.size
    low, high = (0, 255) if dtype is UINT8 else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    scale = float32(2.0 ** rng.choice((rng.uniform(-6, -2), rng.uniform(-12, 2))) * 2.0 ** (8 - bits))
    if dtype is INT16 and rng.random() < 0.4:
        scale = float32(2.0 ** rng.randint(-14, -9))
    zero = 0 if dtype is INT16 else draw_zero_point(rng, low, high)
    x = Tensor("x", shape, dtype, quant(scale, zero))
    return Case(
        name, builtin, options, (x,), (Tensor("y", shape, dtype, _output(rng, builtin, dtype, scale)),), {}, oracle
    )


def _output(rng: random.Random, builtin: str, dtype: DType, scale: float) -> Quant:
    """The only quantization that a sigmoid's output may have, or one about as wide as the input's."""
    if builtin in ("LOGISTIC", "TANH"):
        sigmoids = {
            (INT8, "LOGISTIC"): (1 / 256, -128),
            (INT8, "TANH"): (1 / 128, 0),
            (UINT8, "LOGISTIC"): (1 / 256, 0),
            (UINT8, "TANH"): (1 / 128, 128),
        }
        return quant(*sigmoids.get((dtype, builtin), (1 / 32768, 0)))
    y_scale = float32(scale * 2.0 ** rng.choice((0, rng.uniform(-1, 1), rng.uniform(-3, 3))))
    low, high = (0, 255) if dtype is UINT8 else (-128, 127)
    return quant(y_scale, 0 if dtype is INT16 else draw_zero_point(rng, low, high))
