"""Numbers as C text mean exactly what they are."""

from __future__ import annotations

import numpy as np
import pytest

from motes.build import host
from motes.emit.text import array, number
from motes.ir import DType, Graph, Node, Tensor
from motes.ops.concatenation.op import Concatenation
from prepared import constant, tensor

FLOATS = np.array([np.inf, -np.inf, np.nan, -0.0, 0.0, 1e-45, 3.4028235e38, 0.1], np.float32)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-(1 << 31), "INT32_MIN"),
        (-(1 << 63), "INT64_MIN"),
        ((1 << 32) - 1, "UINT32_C(4294967295)"),
        (1 << 40, "INT64_C(1099511627776)"),
        (True, "1"),
        (np.float32(0.5), "0x1.0000000000000p-1f"),
        (float("inf"), "__builtin_inff()"),
        (float("-inf"), "-__builtin_inff()"),
        (float("nan"), '__builtin_nanf("")'),
    ],
)
def test_numbers(value: float, text: str) -> None:
    assert number(value) == text


def test_booleans_are_bytes() -> None:
    assert "{\n    1, 0,\n}" in array("flags", np.array([True, False]))


def test_what_is_no_number_keeps_its_bits_on_the_way_through_c() -> None:
    x, known = tensor("x", 1, dtype=DType.FLOAT32, q=None), constant("known", FLOATS, DType.FLOAT32)
    y: Tensor = tensor("y", 9, dtype=DType.FLOAT32, q=None)
    (graph,) = host.load([Graph("g", (x,), (y,), (Node("n", Concatenation(0), (x, known), (y,)),))])
    made = graph(np.zeros(1, np.float32))[0][1:]
    assert np.array_equal(np.isnan(made), np.isnan(FLOATS))
    finite = ~np.isnan(FLOATS)
    assert np.array_equal(made[finite].view(np.int32), FLOATS[finite].view(np.int32))
