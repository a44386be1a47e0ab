"""DEQUANTIZE with QUANTIZE behind it: one step, or none, where no value tells the difference."""

from __future__ import annotations

from motes.ir import DType, Quant, quant
from prepared import prepared, tensor, titles
from tflite_writer import Operator

ADD = {"fused_activation_function": 0}


def pair(before: Quant, behind: Quant, dtype: DType = DType.INT8) -> list[str]:
    """The operators left between two additions."""
    x, a, y = tensor("x", 7, dtype=dtype, q=before), tensor("a", 7, dtype=dtype, q=before), tensor("y", 7, q=behind)
    real, b = tensor("real", 7, dtype=DType.FLOAT32, q=None), tensor("b", 7, q=behind)
    operators = [
        Operator("ADD", (x, x), (a,), ADD),
        Operator("DEQUANTIZE", (a,), (real,), {}),
        Operator("QUANTIZE", (real,), (b,), {}),
        Operator("ADD", (b, b), (y,), ADD),
    ]
    graph = prepared(operators, [x], [y], runs=40)
    assert {s for n in graph.nodes for s in n.sources} >= {0, 3}
    return titles(graph)


def test_the_same_quantization_is_no_work() -> None:
    assert pair(quant(0.5, 3), quant(0.5, 3)) == ["ADD", "ADD"]
    assert pair(quant(0.013, -128), quant(0.013, -128)) == ["ADD", "ADD"]


def test_scales_that_differ_by_a_power_of_two_are_rescaled() -> None:
    assert pair(quant(0.5, 3), quant(0.25, -1)) == ["ADD", "QUANTIZE", "ADD"]


def test_what_integers_round_otherwise_stays() -> None:
    # Halves: real numbers round them away from zero, the rescaling of integers does so with its own two roundings.
    found = [pair(quant(0.1, 3), quant(scale, -1)) for scale in (0.07, 0.13, 0.3)]
    assert all(f in (["ADD", "QUANTIZE", "ADD"], ["ADD", "DEQUANTIZE", "QUANTIZE", "ADD"]) for f in found)
    assert ["ADD", "DEQUANTIZE", "QUANTIZE", "ADD"] in found


def test_a_real_value_that_is_read_elsewhere_is_still_made() -> None:
    x, b = tensor("x", 5), tensor("b", 5)
    real = tensor("real", 5, dtype=DType.FLOAT32, q=None)
    operators = [Operator("DEQUANTIZE", (x,), (real,), {}), Operator("QUANTIZE", (real,), (b,), {})]
    assert sorted(titles(prepared(operators, [x], [real, b]))) == ["DEQUANTIZE", "RESHAPE"]
