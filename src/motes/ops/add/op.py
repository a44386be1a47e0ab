"""ADD for int8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from motes.errors import BadInput, Unsupported
from motes.ir import Builtin, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.add.affine import Affine, Rounded, fit
from motes.ops.common import ACTIVATIONS, CONVERT_AGAIN, check_activation, check_arity, check_int8, limits, named
from motes.quant import quantize_multiplier

HEADROOM = 20
"""Bits that both inputs are shifted left by before they are brought to one scale: TFLM's choice for int8."""

LOOPS = 4
"""Loops of the kernel: as many alternations of broadcast and plain axes as it can do."""


def _in_place(node: Node) -> tuple[tuple[int, int], ...]:
    # Element i is read before it is written; an input that is broadcast is read again later.
    return tuple((0, i) for i, x in enumerate(node.pointers) if x.shape == node.output.shape)


@dataclass(frozen=True)
class Add(Op):
    """activation(a + b), elementwise; axes of size 1, or missing in front, are repeated.

    Dtypes: int8. Both inputs are brought to twice the larger scale with 20 more bits, added, and rescaled.
    Source: TFLM's reference ADD.
    """

    tflite = (Builtin("ADD", {"fused_activation_function": ("byte", 0), "pot_scale_int16": ("bool", True)}),)
    types = (DType.INT8,)
    kernels = (
        Kernel("add_s8", "add_s8.h", in_place=_in_place),
        Kernel(
            "add_s8_dsp",
            "add_s8_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: node.input(0).shape == node.input(1).shape and _affine(node) is not None,
            params=lambda node: _dsp_params(node),
            in_place=_in_place,
        ),
    )

    activation: str = "NONE"

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Add:
        return cls(named(ACTIVATIONS, options["fused_activation_function"]))

    def check(self, node: Node) -> None:
        check_arity(node, 2, 2)
        a, b, y = node.input(0), node.input(1), node.output
        check_int8(node, a, b, y)
        axes = _axes(a.shape, b.shape)
        if y.shape != tuple(max(pair) for pair in axes) or any(min(pair) not in (1, max(pair)) for pair in axes):
            raise BadInput(f"{node}: {a} and {b} do not add up to {y}; {CONVERT_AGAIN}")
        if len(merged_axes(a.shape, b.shape)) > LOOPS:
            raise Unsupported(node, f"broadcasts {a} and {b} along too many axes", "reshape them to fewer axes")
        check_activation(node, self.activation)
        if _multipliers(node)[2][1] > 0:
            raise Unsupported(
                node,
                f"its output's scale {y.scale:g} is too small beside its inputs' {a.scale:g} and {b.scale:g}",
                "check the ranges of this layer and quantize again",
            )

    def params(self, node: Node) -> Params:
        a, b, y = node.input(0), node.input(1), node.output
        axes = merged_axes(a.shape, b.shape)
        sizes = [1] * (LOOPS - len(axes)) + [max(pair) for pair in axes]
        low, high = limits(node, self.activation)
        (a_multiplier, a_shift), (b_multiplier, b_shift), (y_multiplier, y_shift) = _multipliers(node)
        return {
            **{f"size{i}": size for i, size in enumerate(sizes)},
            **{f"a_step{i}": step for i, step in enumerate(_steps([pair[0] for pair in axes]))},
            **{f"b_step{i}": step for i, step in enumerate(_steps([pair[1] for pair in axes]))},
            "a_zero": a.zero_point,
            "b_zero": b.zero_point,
            "y_zero": y.zero_point,
            "a_multiplier": a_multiplier,
            "a_shift": a_shift,
            "b_multiplier": b_multiplier,
            "b_shift": b_shift,
            "y_multiplier": y_multiplier,
            "y_shift": y_shift,
            "low": low,
            "high": high,
        }


def _axes(a: tuple[int, ...], b: tuple[int, ...]) -> list[tuple[int, int]]:
    """Pairs of sizes, axis by axis, the shorter shape filled with 1 in front."""
    rank = max(len(a), len(b))
    return list(zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True))


def merged_axes(a: tuple[int, ...], b: tuple[int, ...]) -> list[tuple[int, int]]:
    """The fewest axes that broadcast alike: neighbours where both, or the same one of both, move become one."""
    wide = [pair for pair in _axes(a, b) if pair != (1, 1)]
    merged = []
    for _, group in groupby(wide, key=lambda pair: (pair[0] == 1, pair[1] == 1)):
        sizes_a, sizes_b = 1, 1
        for size_a, size_b in group:
            sizes_a, sizes_b = sizes_a * size_a, sizes_b * size_b
        merged.append((sizes_a, sizes_b))
    return merged or [(1, 1)]


def _steps(sizes: list[int]) -> list[int]:
    """How far each of `LOOPS` loops moves in a tensor of these merged sizes: 0 where it is broadcast."""
    steps, step = [], 1
    for size in reversed(sizes):
        steps.append(0 if size == 1 else step)
        step *= size
    return [0] * (LOOPS - len(steps)) + steps[::-1]


def _multipliers(node: Node) -> list[tuple[int, int]]:
    """Multiplier and shift of both inputs and the output."""
    a, b, y = node.input(0), node.input(1), node.output
    common = 2 * max(a.scale, b.scale)
    reals = (a.scale / common, b.scale / common, common / ((1 << HEADROOM) * y.scale))
    # Far above what TFLM accepts, so that a hostile scale is refused and not raised from below.
    return [quantize_multiplier(min(real, 1e9)) for real in reals]


def _affine(node: Node) -> Affine | None:
    """The constants of the kernel for Cortex-M4, if there are any."""
    a, b, y = node.input(0), node.input(1), node.output
    assert isinstance(node.op, Add), node
    a_scaled, b_scaled, y_scaled = _multipliers(node)
    low, high = limits(node, node.op.activation)
    rounded = Rounded(a.zero_point, b.zero_point, y.zero_point, a_scaled, b_scaled, y_scaled, low, high)
    return fit(rounded, a.scale / y.scale, b.scale / y.scale)


def _dsp_params(node: Node) -> Params:
    affine, portable = _affine(node), node.op.params(node)
    assert affine is not None, node
    return {
        "count": node.output.elements,
        "a_factor": affine.a,
        "b_factor": affine.b,
        "offset": affine.offset,
        "shift": affine.shift,
        "low": portable["low"],
        "high": portable["high"],
    }
