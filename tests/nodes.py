"""Nodes of one operator, sensible or absurd, as tests need them."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.ir import DType, Node, Quant, Tensor, quant
from motes.ops import builtins

ACTIVATIONS, WEIGHTS = quant(0.5, 3), quant(0.25, 0)


def tensor(name: str, *shape: int, dtype: DType = DType.INT8, q: Quant | None = ACTIVATIONS) -> Tensor:
    return Tensor(name, shape, dtype, q)


def constant(name: str, data: np.ndarray, q: Quant | None = WEIGHTS) -> Tensor:
    return Tensor(name, data.shape, DType(data.dtype.name), q, data)


def node(builtin: str, inputs: list[Tensor | None], output: Tensor, **options: Any) -> Node:
    op, declared = builtins()[builtin]
    values = {name: default for name, (_, default) in declared.fields.items()} | options
    return Node("n", op.from_tflite(builtin, values, inputs, [output]), tuple(inputs), (output,), (7,))


def conv(**changes: Any) -> Node:
    """3x3 over (1, 6, 5, 4) to 8 channels."""
    parts = {
        "x": tensor("x", 1, 6, 5, 4),
        "w": constant("w", np.ones((8, 3, 3, 4), np.int8)),
        "b": constant("b", np.ones(8, np.int32), None),
        "y": tensor("y", 1, 6, 5, 8),
    }
    return _built("CONV_2D", parts, changes)


def depthwise(**changes: Any) -> Node:
    """3x3 over (1, 6, 5, 4)."""
    parts = {
        "x": tensor("x", 1, 6, 5, 4),
        "w": constant("w", np.ones((1, 3, 3, 4), np.int8)),
        "b": constant("b", np.ones(4, np.int32), None),
        "y": tensor("y", 1, 6, 5, 4),
    }
    return _built("DEPTHWISE_CONV_2D", parts, changes)


def _built(builtin: str, parts: dict[str, Tensor | None], changes: dict[str, Any]) -> Node:
    parts = parts | {k: v for k, v in changes.items() if k in parts}
    output = parts["y"]
    assert output is not None
    options = {"stride_h": 1, "stride_w": 1} | {k: v for k, v in changes.items() if k not in parts}
    return node(builtin, [parts["x"], parts["w"], parts["b"]], output, **options)
