"""Generated test cases of the functions of one element."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, Oracle, draw_zero_point, float32

COUNT = 50
"""Cases of each operator in float32, or in its only type."""

FEWER = 26
"""Cases of each further type."""

FLOAT32, INT8, INT16, INT32, INT64 = DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64

_FLOATS: dict[str, tuple[tuple[float, float], ...]] = {
    "ABS": ((-1e6, 1e6),),
    "NEG": ((-1e6, 1e6),),
    "SIGN": ((-2.0, 2.0), (-1e-42, 1e-42)),
    "SQUARE": ((-1e3, 1e3), (-1e-20, 1e-20)),
    "SQRT": ((0.0, 4.0), (0.0, 1e30), (0.0, 1e-40)),
    "RSQRT": ((1e-3, 4.0), (1e-38, 1e-36), (1.0, 1e30)),
    "EXP": ((-10.0, 10.0), (-110.0, 95.0), (-1e-3, 1e-3), (-1e30, 1e30)),
    "LOG": ((1e-3, 10.0), (0.5, 1.5), (1e-44, 1e-38), (0.0, 1e30), (-1.0, 1.0)),
    "SIN": ((-4.0, 4.0), (-1e3, 1e3), (-1e8, 1e8), (-1e37, 1e37), (-1e-3, 1e-3)),
    "COS": ((-4.0, 4.0), (-1e3, 1e3), (-1e8, 1e8), (-1e37, 1e37), (-1e-3, 1e-3)),
    "CEIL": ((-4.0, 4.0), (-1e7, 1e7), (-1e30, 1e30), (-0.9, 0.9)),
    "FLOOR": ((-4.0, 4.0), (-1e7, 1e7), (-1e30, 1e30), (-0.9, 0.9)),
    "ROUND": ((-4.0, 4.0), (-1e7, 1e7), (-1e30, 1e30), (-0.9, 0.9)),
}
"""Ranges of each operator's floats; a case draws one."""

_INTEGERS: tuple[tuple[str, DType, Oracle], ...] = (
    ("ABS", INT32, "litert"),
    ("NEG", INT8, "litert"),
    ("NEG", INT16, "litert"),
    ("NEG", INT32, "litert"),
    ("NEG", INT64, "litert"),
    ("SIGN", INT32, "litert"),
    ("LOGICAL_NOT", DType.BOOL, "tflm"),
    ("ZEROS_LIKE", FLOAT32, "tflm"),
    ("ZEROS_LIKE", INT8, "tflm"),
    ("ZEROS_LIKE", INT32, "tflm"),
    ("ZEROS_LIKE", INT64, "tflm"),
)

_QUANTIZED: tuple[tuple[str, DType, Oracle], ...] = (
    ("ABS", INT8, "tflm"),
    ("ABS", INT16, "tflm"),
    ("RSQRT", INT8, "tflm"),
    ("RSQRT", INT16, "tflm"),
    ("SQRT", INT8, "litert"),
    ("SQRT", INT16, "litert"),
    ("EXP", INT8, "litert"),
    ("EXP", INT16, "litert"),
    ("LOG", INT8, "litert"),
    ("LOG", INT16, "litert"),
)


def cases() -> Iterator[Case]:
    """Every operator in every type it serves: floats from tiny to huge, scales from equal to far apart."""
    for builtin in _FLOATS:
        for seed in range(COUNT):
            yield _float(random.Random(f"{builtin} {seed}"), builtin, f"{builtin.lower()}_float32_{seed}")
    for builtin, dtype, oracle in _INTEGERS:
        for seed in range(COUNT if builtin == "LOGICAL_NOT" else FEWER):
            x, y = (Tensor(name, _shape(random.Random(f"{builtin} {seed}")), dtype) for name in "xy")
            yield Case(f"{builtin.lower()}_{dtype.value}_{seed}", builtin, {}, (x,), (y,), oracle=oracle)
    for builtin, dtype, oracle in _QUANTIZED:
        for seed in range(FEWER):
            name = f"{builtin.lower()}_{dtype.value}_{seed}"
            yield _quantized(random.Random(name), builtin, dtype, name, oracle)


def _shape(rng: random.Random) -> tuple[int, ...]:
    rank = rng.randint(1, 5)
    return tuple(rng.randint(1, (24, 6, 4, 3, 2)[rank - 1]) for _ in range(rank))


def _float(rng: random.Random, builtin: str, name: str) -> Case:
    x, y = (Tensor(label, shape, FLOAT32) for shape in (_shape(rng),) for label in "xy")
    oracle: Oracle = "litert" if builtin == "SIGN" else "tflm"
    return Case(name, builtin, {}, (x,), (y,), {x: rng.choice(_FLOATS[builtin])}, oracle)


def _quantized(rng: random.Random, builtin: str, dtype: DType, name: str, oracle: Oracle) -> Case:
    shape, bits = _shape(rng), 8 * dtype.size
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    zeros = [draw_zero_point(rng) if dtype is INT8 else 0 for _ in "xy"]
    scale = float32(2.0 ** rng.uniform(-8, 0) * 2.0 ** (8 - bits))
    # How large the outputs are: they must not leave an int32, where LiteRT's result is undefined.
    span = scale * 2.0**bits
    fitting = {
        "ABS": span,
        "SQRT": span**0.5,
        "RSQRT": 1 / (span / 16) ** 0.5,
        "EXP": 2.718281828 ** min(span, 20.0),
        "LOG": 6.0,
    }
    y_scale = float32(fitting[builtin] / 2.0**bits * 2.0 ** rng.choice((0, 0, rng.uniform(-2, 2), rng.uniform(-5, 3))))
    if builtin == "ABS" and rng.random() < 0.3:
        y_scale = scale
    plain = builtin == "ABS" and dtype is INT16 and rng.random() < 0.2  # no quantized number at all
    x = Tensor("x", shape, dtype, None if plain else quant(scale, zeros[0]))
    y = Tensor("y", shape, dtype, None if plain else quant(y_scale, zeros[1]))
    ranges = {x: (float(zeros[0]), float(high))} if builtin in ("SQRT", "RSQRT") else {x: (float(low), float(high))}
    return Case(name, builtin, {}, (x,), (y,), ranges, oracle)
