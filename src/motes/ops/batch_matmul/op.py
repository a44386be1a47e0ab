"""BATCH_MATMUL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import (
    CONVERT_AGAIN,
    CONVERT_TO_INT8,
    check_arity,
    check_constant,
    check_quant,
    multiplier,
    multiplier_s64,
)

LOOPS = 3
"""Loops of the kernels over matrices: as many axes as TFLM's own have before the last two."""

_PAIRS = {
    (DType.INT8, DType.INT8): "batch_matmul_s8",
    (DType.INT16, DType.INT16): "batch_matmul_s16",
    (DType.FLOAT32, DType.FLOAT32): "batch_matmul_f32",
    (DType.FLOAT32, DType.INT8): "batch_matmul_hybrid_f32",
}
"""Kernels by the types of both inputs."""


def _kernel(function: str) -> Kernel:
    return Kernel(
        function,
        "batch_matmul.h",
        fits=lambda node: _PAIRS[node.input(0).dtype, node.input(1).dtype] == function,
    )


@dataclass(frozen=True)
class BatchMatMul(Op):
    """y[..., i, j] = sum over k of a[..., i, k] * b[..., k, j]; axes of size 1, or missing in front, are repeated.

    Dtypes: int8; int16 without zero points; float32; hybrid: float32 times constant int8, computed as floats.
    `adj_x` and `adj_y`: the last two axes of a, or b, are swapped. Source: TFLM's BATCH_MATMUL; the hybrid form, which
    TFLM refuses and LiteRT computes less exactly, means what the real numbers do.
    """

    tflite = (
        Builtin(
            "BATCH_MATMUL",
            {"adj_x": ("bool", False), "adj_y": ("bool", False), "asymmetric_quantize_inputs": ("bool", False)},
        ),
    )
    types = (DType.INT8, DType.INT16, DType.FLOAT32)
    kernels = tuple(_kernel(function) for function in _PAIRS.values())

    adj_x: bool = False
    adj_y: bool = False

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> BatchMatMul:
        return cls(options["adj_x"], options["adj_y"])

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        a, b, y = node.input(0), node.input(1), node.output
        if (a.dtype, b.dtype) not in _PAIRS or y.dtype is not a.dtype:
            raise Unsupported(node, f"{a} times {b} to {y} is not a combination of types it does", CONVERT_TO_INT8)
        for tensor in (a, b):
            if tensor.data is not None:
                check_constant(node, tensor)
        self._check_shapes(node)
        if a.dtype is not DType.FLOAT32:
            for tensor in (a, b, y):
                check_quant(node, tensor)
                if tensor.dtype is DType.INT16 and tensor.zero_point:
                    raise Unsupported(node, f"{tensor} has a zero point other than 0", CONVERT_AGAIN)
            _rescaling(node)
        elif b.dtype is DType.INT8:
            if b.data is None:
                raise Unsupported(node, f"{a} times {b}, which is not a constant,", CONVERT_TO_INT8)
            check_quant(node, b)
            if b.zero_point:
                raise Unsupported(node, f"{b} has a zero point other than 0", CONVERT_AGAIN)

    def _check_shapes(self, node: Node) -> None:
        a, b, y = node.input(0), node.input(1), node.output
        wrong = BadInput(f"{node}: {a} times {b} does not give {y}; {CONVERT_AGAIN}")
        if min(len(a.shape), len(b.shape)) < 2:
            raise wrong
        rows, depth = _matrix(a, self.adj_x)
        inner, cols = _matrix(b, self.adj_y)
        axes = _axes(node)
        if depth != inner or any(min(pair) not in (1, max(pair)) for pair in axes):
            raise wrong
        if y.shape != (*(max(pair) for pair in axes), rows, cols):
            raise wrong
        if len(axes) > LOOPS:
            raise Unsupported(node, f"{a} times {b} has more than {LOOPS + 2} axes", "reshape them to fewer axes")

    def params(self, node: Node) -> Params:
        a, b = node.input(0), node.input(1)
        rows, depth = _matrix(a, self.adj_x)
        _, cols = _matrix(b, self.adj_y)
        axes = [(1, 1)] * (LOOPS - len(_axes(node))) + _axes(node)
        fields: dict[str, int | float] = {
            **{f"size{i}": max(pair) for i, pair in enumerate(axes)},
            **{f"a_step{i}": step for i, step in enumerate(_steps([pair[0] for pair in axes], rows * depth))},
            **{f"b_step{i}": step for i, step in enumerate(_steps([pair[1] for pair in axes], depth * cols))},
            "rows": rows,
            "depth": depth,
            "cols": cols,
            "a_row": 1 if self.adj_x else depth,
            "a_next": rows if self.adj_x else 1,
            "b_col": depth if self.adj_y else 1,
            "b_next": 1 if self.adj_y else cols,
        }
        if a.dtype is DType.FLOAT32:
            return fields | ({"scale": b.scale} if b.dtype is DType.INT8 else {})
        factor, shift = _rescaling(node)
        zeros = {"a_zero": a.zero_point, "b_zero": b.zero_point, "y_zero": node.output.zero_point}
        return fields | zeros | {"multiplier": factor, "shift": shift}

    def macs(self, node: Node) -> int:
        return node.output.elements * _matrix(node.input(0), self.adj_x)[1]


def _matrix(tensor: Tensor, swapped: bool) -> tuple[int, int]:
    """Rows and columns of the matrices."""
    rows, cols = tensor.shape[-2:]
    return (cols, rows) if swapped else (rows, cols)


def _axes(node: Node) -> list[tuple[int, int]]:
    """Sizes of both inputs along each axis before the last two."""
    a, b = node.input(0).shape[:-2], node.input(1).shape[:-2]
    rank = max(len(a), len(b))
    return list(zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True))


def _steps(sizes: list[int], matrix: int) -> list[int]:
    """How far each loop moves in a tensor with these sizes: 0 where it is repeated."""
    return [0 if size == 1 else matrix * math.prod(sizes[i + 1 :]) for i, size in enumerate(sizes)]


def _rescaling(node: Node) -> tuple[int, int]:
    """Multiplier and shift from sums to outputs."""
    a, b, y = node.input(0), node.input(1), node.output
    real = a.scale * b.scale / y.scale
    return multiplier(node, real) if a.dtype is DType.INT8 else multiplier_s64(node, real)
