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
