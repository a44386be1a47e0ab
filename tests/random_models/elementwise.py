"""Operators of one element, or of two: arithmetic, functions, comparisons and what is selected by them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from motes.ir import DType, Tensor, quant
from random_models.growing import Grow, Growing

FIXED = {
    ("LOGISTIC", DType.INT8): quant(1 / 256, -128),
    ("LOGISTIC", DType.INT16): quant(1 / 32768, 0),
    ("TANH", DType.INT8): quant(1 / 128, 0),
    ("TANH", DType.INT16): quant(1 / 32768, 0),
    ("SOFTMAX", DType.INT8): quant(1 / 256, -128),
    ("SOFTMAX", DType.INT16): quant(1 / 32768, 0),
    ("LOG_SOFTMAX", DType.INT8): quant(1 / 16, 127),
    ("L2_NORMALIZATION", DType.INT8): quant(1 / 128, 0),
}
"""Outputs whose quantization TensorFlow Lite prescribes."""

CASTS = {DType.BOOL: 6, DType.FLOAT32: 0, DType.INT8: 9, DType.INT32: 2}
"""Types in the schema."""


def same(graph: Growing, builtin: str, x: Tensor, **options: Any) -> None:
    """One input, one output of its shape."""
    fixed = FIXED.get((builtin, x.dtype))
    keeps = builtin in ("ABS", "NEG", "ZEROS_LIKE") and x.dtype is not DType.FLOAT32
    graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, graph.spread[x], x.quant if keeps else fixed), **options)


def bounded(graph: Growing, builtin: str, x: Tensor) -> None:
    """A function whose values are between -1 and 1, or which limits them."""
    graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, min(1.0, graph.spread[x])))


def rounded(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """To whole numbers: not where a unit in the last place could make another."""
    if x in graph.inexact:
        return False
    same(graph, builtin, x)
    return None


def square(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if graph.spread[x] > 1e4:
        return False
    graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, max(graph.spread[x] ** 2, 1e-3)))
    return None


def limited(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Functions that need their input limited: from above for EXP, to positive numbers for roots and logarithms."""
    if x.dtype is DType.INT8 and x.zero_point == -128:
        graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, 1.0))
        return None
    if x.dtype is not DType.FLOAT32:
        return False

    def limit(value: float) -> Tensor:
        return graph.named_tensor((1,), x.dtype, None, np.array([value], np.float32))

    if builtin == "EXP":
        low = graph.emit("MINIMUM", [x, limit(2.0)], graph.tensor(x.shape, x.dtype, 2.0))
        graph.emit(builtin, [low], graph.tensor(x.shape, x.dtype, math.exp(2.0)))
        return None
    spread = graph.spread[x]
    size = graph.emit("ABS", [x], graph.tensor(x.shape, x.dtype, spread))
    above = graph.emit(
        "ADD", [size, limit(0.5)], graph.tensor(x.shape, x.dtype, spread + 1), fused_activation_function="NONE"
    )
    made = {"SQRT": math.sqrt(spread + 1), "RSQRT": 1.0, "LOG": 1 + math.log(spread + 1)}[builtin]
    graph.emit(builtin, [above], graph.tensor(x.shape, x.dtype, made))
    return None


def binary(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    spread = graph.spread[x]
    extreme = builtin in ("MAXIMUM", "MINIMUM")
    other = graph.peer(x, spread, extreme)
    size = max(spread, graph.spread.get(other, spread))
    if extreme:
        graph.emit(builtin, [x, other], graph.tensor(x.shape, x.dtype, size, x.quant))
        return None
    if builtin == "SQUARED_DIFFERENCE":
        graph.emit(builtin, [x, other], graph.tensor(x.shape, x.dtype, size * size * 2))
        return None
    size = size * spread if builtin == "MUL" else size * 2
    options: dict[str, Any] = {"fused_activation_function": graph.activation()}
    if builtin in ("ADD", "SUB"):
        options["pot_scale_int16"] = False
    pair = [x, other] if graph.rng.random() < 0.7 else [other, x]
    graph.emit(builtin, pair, graph.tensor(x.shape, x.dtype, max(size, 1e-3)), **options)
    return None


def add_many(graph: Growing, builtin: str, x: Tensor) -> None:
    """A sum of any number of tensors of one shape."""
    peers = [t for t in graph.live if t.dtype is x.dtype and t.shape == x.shape]
    others = graph.rng.choices(peers, k=graph.rng.randint(1, 3))
    size = sum(graph.spread[t] for t in (x, *others))
    graph.emit(builtin, [x, *others], graph.tensor(x.shape, x.dtype, size))


def divided(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """By constants that are not 0; whole quotients only where every bit is sure."""
    if len(x.shape) > 4 or (builtin != "DIV" and x in graph.inexact):
        return False
    by = graph.divisor(graph.rng.choice((x.shape, x.shape[-1:], (1,))), x.dtype)
    options = {"fused_activation_function": graph.activation()} if builtin == "DIV" else {}
    size = 2.0 if builtin == "FLOOR_MOD" else 2 * graph.spread[x]
    graph.emit(builtin, [x, by], graph.tensor(x.shape, x.dtype, size), **options)
    return None


def slopes(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """PRELU with a slope for each channel, element or for all."""
    if len(x.shape) > 4:
        return False
    shape = graph.rng.choice((x.shape[-1:], (1,) * len(x.shape), (*(1,) * (len(x.shape) - 1), x.shape[-1]), x.shape))
    slope = graph.constant(shape, DType.FLOAT32 if x.dtype is DType.FLOAT32 else DType.INT8, 0.3)
    graph.emit(builtin, [x, slope], graph.tensor(x.shape, x.dtype, graph.spread[x]))
    return None


def compared(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """A comparison; what it says selects elements, becomes numbers, or is an output."""
    rng = graph.rng
    other = graph.peer(x, graph.spread[x])
    wide = [t.scale for t in (x, other) if t.quant is not None and t.scale >= 0.99]  # TFLM refuses them
    if wide or len(x.shape) > 4 or graph.inexact & {x, other}:
        return False
    said = graph.emit(builtin, [x, other], graph.tensor(x.shape, DType.BOOL, 1.0))
    if x.dtype is not DType.BOOL and rng.random() < 0.6:
        chosen = graph.peer(x, graph.spread[x], alike=True)
        pair = [x, chosen] if rng.random() < 0.5 else [chosen, x]
        graph.emit("SELECT_V2", [said, *pair], graph.like(x, x.shape))
    return None


def logical(graph: Growing, builtin: str, x: Tensor) -> None:
    """Of truth values; NOT has one input."""
    others = [] if builtin == "LOGICAL_NOT" else [graph.peer(x, 1.0)]
    graph.emit(builtin, [x, *others], graph.tensor(x.shape, x.dtype, 1.0))


def cast(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Truth values to numbers, and floats to whole numbers and back."""
    to = DType.INT32
    if x.dtype is DType.BOOL:
        to = DType.INT8 if graph.kind == "int8" else DType.FLOAT32
        if graph.kind not in ("int8", "float32"):
            return False
    elif x.dtype is not DType.FLOAT32 or x in graph.inexact or graph.spread[x] > 1e5:
        return False
    options = {"in_data_type": CASTS[x.dtype], "out_data_type": CASTS[to]}
    made = graph.tensor(x.shape, to, 1.0)
    if to is DType.INT32:
        graph.end(builtin, [x], made, **options)
    else:
        graph.emit(builtin, [x], made, **options)
    return None


TABLE: dict[str, Grow] = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"), binary),
    **dict.fromkeys(("RELU", "RELU6", "LOGISTIC", "TANH", "HARD_SWISH", "ABS", "NEG", "ELU", "ZEROS_LIKE"), same),
    **dict.fromkeys(("SIN", "COS"), bounded),
    **dict.fromkeys(("FLOOR", "CEIL", "ROUND"), rounded),
    **dict.fromkeys(("EXP", "SQRT", "RSQRT", "LOG"), limited),
    **dict.fromkeys(("DIV", "FLOOR_DIV", "FLOOR_MOD"), divided),
    **dict.fromkeys(("LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "EQUAL", "NOT_EQUAL"), compared),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"), logical),
    "LEAKY_RELU": lambda graph, builtin, x: same(graph, builtin, x, alpha=0.1),
    "PRELU": slopes,
    "SQUARE": square,
    "ADD_N": add_many,
    "CAST": cast,
}
"""How each operator is added to a graph."""
