"""What elementwise operators refuse. ADD's own refusals of shapes and scales are in test_checks.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Quant, Tensor, quant
from nodes import constant, node, tensor

SUFFIX = "convert the model again with a current TensorFlow"


def binary(builtin: str, a: Tensor | None = None, b: Tensor | None = None, y: Tensor | None = None, **o: Any) -> Node:
    return node(builtin, [a or tensor("a", 2, 3), b or tensor("b", 2, 3)], y or tensor("y", 2, 3), **o)


def plain(name: str, *shape: int, dtype: DType = DType.FLOAT32) -> Tensor:
    return tensor(name, *shape, dtype=dtype, q=None)


def bools(name: str, *shape: int) -> Tensor:
    return plain(name, *shape, dtype=DType.BOOL)


def short(name: str, *shape: int, q: Quant | None = None) -> Tensor:
    return tensor(name, *shape, dtype=DType.INT16, q=q or quant(0.5, 0))


def select(builtin: str = "SELECT_V2", *shapes: tuple[int, ...], **parts: Tensor) -> Node:
    c, a, b, y = shapes or ((2, 3),) * 4
    known = {"c": bools("c", *c), "a": plain("a", *a), "b": plain("b", *b), "y": plain("y", *y)} | parts
    return node(builtin, [known["c"], known["a"], known["b"]], known["y"])


def add_n(*inputs: Tensor, y: Tensor | None = None) -> Node:
    return node("ADD_N", list(inputs), y or tensor("y", 2, 3))


def test_the_nodes_that_are_changed_here_are_accepted() -> None:
    for good in (
        *(binary(name) for name in ("SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")),
        *(binary(name, y=bools("y", 2, 3)) for name in ("EQUAL", "LESS")),
        binary("LOGICAL_OR", bools("a", 3), bools("b", 2, 1), bools("y", 1, 2, 3)),
        binary("LESS", short("a", 2, 3), short("b", 2, 3), bools("y", 2, 3)),
        binary("EQUAL", short("a", 2, 3), short("b", 2, 3, q=quant(0.25, 0)), bools("y", 2, 3)),
        binary("MUL", *(short(name, 2, 3) for name in "aby")),
        *(binary(name, *(plain(n, 2, 3) for n in "aby")) for name in ("FLOOR_DIV", "FLOOR_MOD", "POW")),
        binary("ADD", plain("a"), plain("b", 1), plain("y")),
        binary("MUL", *(plain(n, *s) for n, s in (("a", (2, 1) * 3), ("b", (1, 2) * 3), ("y", (2,) * 6)))),
        add_n(tensor("a", 2, 3), tensor("b", 2, 3), tensor("c", 2, 3)),
        select(),
        select("SELECT_V2", (3,), (2, 1), (), (2, 3)),
        select("SELECT", (2,), (2, 3), (2, 3), (2, 3)),
    ):
        good.op.check(good)


FAR = tensor("y", 2, 3, q=quant(1e-18, 0))

REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    (binary("SUB", b=tensor("b", 2, 4)), BadInput, "a int8[2, 3] and b int8[2, 4] do not broadcast to y int8[2, 3]"),
    (binary("SUB", y=plain("y", 2, 3)), BadInput, "a int8[2, 3] and y float32[2, 3] are of different types; " + SUFFIX),
    (binary("SUB", fused_activation_function=4), Unsupported, "fused activation code 4 is not one of NONE, RELU,"),
    (
        binary("SUB", *(plain(n, 2, 3) for n in "aby"), fused_activation_function=4),
        Unsupported,
        "fused activation code 4 is not one of NONE, RELU, RELU_N1_TO_1, RELU6; make the activation a layer of its own",
    ),
    (binary("SUB", y=tensor("y", 2, 3, q=quant(1e-7, 0))), Unsupported, "its output's scale 1e-07 is too small beside"),
    (
        binary("MUL", *(tensor(n, 2, 3, dtype=DType.UINT8) for n in "aby")),
        Unsupported,
        "a uint8[2, 3] is not one of int8, int16, int32, int64, float32; convert it to one of these types",
    ),
    (binary("MUL", a=tensor("a", 2, 3, q=None)), Unsupported, "a int8[2, 3] has no scale and zero point"),
    (binary("MUL", y=FAR), Unsupported, "its scales lie too far apart"),
    (
        binary("MUL", short("a", 2, 3), short("b", 2, 3, q=quant(0.5, 1)), short("y", 2, 3)),
        Unsupported,
        "b int16[2, 3] has a zero point other than 0; quantize int16 symmetrically",
    ),
    (
        binary("MUL", b=Tensor("b", (2, 3), DType.INT8, quant(0.5, 0), np.zeros((3, 2), np.int8))),
        BadInput,
        "the data of b int8[2, 3] has another shape or type",
    ),
    (
        binary("MUL", *(plain(n, *s) for n, s in (("a", (2, 1) * 4), ("b", (1, 2) * 4), ("y", (2,) * 8)))),
        Unsupported,
        "along too many axes; reshape them to fewer axes",
    ),
    (binary("SQUARED_DIFFERENCE", y=FAR), Unsupported, "its scales lie too far apart"),
    (
        binary("SQUARED_DIFFERENCE", short("a", 2, 3), short("b", 2, 3), short("y", 2, 3, q=quant(1.0, -1))),
        Unsupported,
        "y int16[2, 3] has a zero point other than 0",
    ),
    (binary("DIV", *(short(n, 2, 3) for n in "aby")), Unsupported, "a int16[2, 3] is not one of int8, int32, float32"),
    (binary("DIV", y=tensor("y", 2, 3, q=quant(1e-8, 0))), Unsupported, "its scales lie too far apart"),
    (binary("DIV", y=FAR), Unsupported, "its scales lie too far apart"),
    (binary("FLOOR_DIV"), Unsupported, "a int8[2, 3] is not one of int32, float32"),
    (binary("FLOOR_MOD"), Unsupported, "a int8[2, 3] is not one of int32, int64, float32"),
    (binary("POW"), Unsupported, "a int8[2, 3] is not one of int32, float32"),
    (binary("MAXIMUM", y=plain("y", 2, 3)), BadInput, "a int8[2, 3] and y float32[2, 3] are of different types"),
    (
        binary("MINIMUM", bools("a", 2, 3), bools("b", 2, 3), bools("y", 2, 3)),
        Unsupported,
        "a bool[2, 3] is not one of",
    ),
    (binary("LOGICAL_AND"), Unsupported, "a int8[2, 3] is not one of bool"),
    (binary("LESS"), BadInput, "its output, y int8[2, 3], is not bool"),
    (
        binary("LESS", *(bools(n, 2, 3) for n in "aby")),
        Unsupported,
        "orders bools, a bool[2, 3]; compare them by EQUAL",
    ),
    (
        binary("LESS", short("a", 2, 3), short("b", 2, 3, q=quant(0.25, 0)), bools("y", 2, 3)),
        Unsupported,
        "a int16[2, 3] and b int16[2, 3] have different scales or zero points; quantize them alike, or to int8",
    ),
    (
        binary("GREATER", tensor("a", 2, 3, q=quant(1e3, 0)), y=bools("y", 2, 3)),
        Unsupported,
        "its inputs' scales, 1000 and 0.5, are too large; quantize them again",
    ),
    (binary("EQUAL", tensor("a", 2, 3, q=None), y=bools("y", 2, 3)), Unsupported, "a int8[2, 3] has no scale"),
    (add_n(tensor("a", 2, 3)), BadInput, "has 1 inputs and 1 outputs, not 2 and 1"),
    (add_n(tensor("a", 2, 3), tensor("b", 1, 3)), BadInput, "b int8[1, 3] does not add up to y int8[2, 3]"),
    (
        add_n(tensor("a", 2, 3), tensor("b", 2, 3, q=quant(0.5, 4))),
        Unsupported,
        "a int8[2, 3] and b int8[2, 3] have different scales or zero points; add them by ADD, two at a time",
    ),
    (
        add_n(tensor("a", 2, 3), tensor("b", 2, 3), y=tensor("y", 2, 3, q=quant(1e-7, 0))),
        Unsupported,
        "its output's scale 1e-07 is too small beside its inputs' 0.5",
    ),
    (add_n(short("a", 2, 3), short("b", 2, 3), y=short("y", 2, 3)), Unsupported, "is not one of int8, float32"),
    (select(c=plain("c", 2, 3)), Unsupported, "c float32[2, 3] is not one of bool"),
    (select(b=constant("b", np.zeros((2, 3), np.int32), None)), BadInput, "a float32[2, 3] and b int32[2, 3] are of"),
    (
        select("SELECT_V2", (2,), (2, 3), (2, 3), (2, 3)),
        BadInput,
        "c bool[2] and a float32[2, 3] and b float32[2, 3] do",
    ),
    (
        select("SELECT", (2, 3), (2, 3), (3,), (2, 3)),
        BadInput,
        "a float32[2, 3] and b float32[3] have different shapes",
    ),
]


@pytest.mark.parametrize(("refused", "error", "words"), REFUSALS)
def test_is_refused(refused: Node, error: type[MotesError], words: str) -> None:
    with pytest.raises(error) as caught:
        refused.op.check(refused)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{refused.op.title} n (operator 7): ")
