"""CIRCULAR_BUFFER with a period: executions that end early, step by step as TensorFlow Lite Micro has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from conftest import oracle
from motes.build import host
from motes.errors import Unsupported
from motes.ir import DType, Tensor, quant
from motes.oracle import Answer, Question, ask
from motes.proving import compile_graph, self_check
from motes.target import Board
from motes.tflite import load
from tflite_small import message
from tflite_writer import Extras, Operator, Subgraph, write_model

Q = quant(0.5, 3)


def value(name: str, *shape: int, data: Sequence[int] | None = None) -> Tensor:
    return Tensor(name, shape, DType.INT8, Q, None if data is None else np.array(data, np.int8).reshape(shape))


def buffer(x: Tensor, y: Tensor, period: int | None) -> Operator:
    options = None if period is None else {"cycles_max": period}
    return Operator("CUSTOM", (x,), (y,), options, custom_code="CIRCULAR_BUFFER")


def add(a: Tensor, b: Tensor, y: Tensor) -> Operator:
    return Operator("ADD", (a, b), (y,), {"fused_activation_function": "NONE", "pot_scale_int16": True})


def highest(x: Tensor, y: Tensor) -> Operator:
    """The largest of each column."""
    options = {"padding": "VALID", "stride_w": 1, "stride_h": 1, "filter_width": 1, "filter_height": x.shape[1]}
    return Operator("MAX_POOL_2D", (x,), (y,), options | {"fused_activation_function": "NONE"})


X, TWICE, TOP, PEAK, SUM, V, W = (value(n, 1, 1, 1, 4) for n in ("x", "twice", "top", "peak", "sum", "v", "w"))
ROWS, WIDE = value("rows", 1, 3, 1, 4), value("wide", 1, 5, 1, 4)
HANDLE = Tensor("handle", (), DType.INT32)
VARIABLE = Operator("VAR_HANDLE", (), (HANDLE,), {"container": "", "shared_name": "a"})


def written(operators: Sequence[Operator], outputs: Sequence[Tensor]) -> bytes:
    return write_model(operators, [X], outputs, Extras(variables=frozenset([ROWS, WIDE])))


def every_third(period: int | None = 3) -> bytes:
    """What is in front of the buffer runs each time; so does the buffer, whatever is behind it."""
    return written([add(X, X, TWICE), buffer(TWICE, ROWS, period), highest(ROWS, TOP)], [TOP, TWICE, ROWS, TOP, X])


def period_by_default() -> bytes:
    return every_third(None)


def within_another() -> bytes:
    """The second buffer takes every second row, and gives every third of these."""
    operators = [buffer(X, ROWS, 2), highest(ROWS, TOP), buffer(TOP, WIDE, 3), highest(WIDE, PEAK)]
    return written(operators, [PEAK, TOP, WIDE])


def nothing_behind() -> bytes:
    return written([buffer(X, ROWS, 4)], [ROWS])


def variables_on_both_sides() -> bytes:
    """Assigned in front of the buffer and behind: the second value holds only where the execution came so far."""
    assign = [Operator("ASSIGN_VARIABLE", (HANDLE, t), ()) for t in (TWICE, SUM)]
    operators = [
        VARIABLE,
        Operator("READ_VARIABLE", (HANDLE,), (V,)),
        add(X, V, TWICE),
        assign[0],
        buffer(TWICE, ROWS, 2),
        highest(ROWS, TOP),
        Operator("READ_VARIABLE", (HANDLE,), (W,)),
        add(TOP, W, SUM),
        assign[1],
    ]
    return written(operators, [SUM, TWICE, SUM])


def what_came_first_assigned_last() -> bytes:
    """Assigned behind the buffer, but computed in front of it."""
    operators = [
        VARIABLE,
        Operator("READ_VARIABLE", (HANDLE,), (V,)),
        add(X, V, TWICE),
        buffer(TWICE, ROWS, 3),
        Operator("ASSIGN_VARIABLE", (HANDLE, TWICE), ()),
    ]
    return written(operators, [TWICE])


MODELS: list[Callable[[], bytes]] = [
    every_third,
    period_by_default,
    within_another,
    nothing_behind,
    variables_on_both_sides,
    what_came_first_assigned_last,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_steps_equal_tflm(model: Callable[[], bytes]) -> None:
    oracle("tflite_micro")
    graph = load(model())
    rng = np.random.default_rng(1)
    given = rng.integers(-60, 60, (20, *X.shape), np.int8)
    expected = ask(Question("tflm", model(), (tuple((x,) for x in given),)))
    assert isinstance(expected, Answer)
    for sanitize in (False, True):
        (compiled,) = host.load([graph], sanitize=sanitize)
        for i, found in enumerate(compiled.run_many(given)):
            np.testing.assert_array_equal(found, np.stack([step[i] for step in expected.outputs[0]]))


def test_outputs_are_zero_at_first_and_then_those_of_the_last_time() -> None:
    (compiled,) = host.load([load(written([buffer(X, ROWS, 3), highest(ROWS, TOP)], [TOP]))])
    found = [int(compiled(np.full(X.shape, i, np.int8))[0].max()) for i in range(10, 18)]
    assert found == [0, 0, 12, 12, 12, 15, 15, 15]


@pytest.mark.cores(one_in=2)
def test_the_board_runs_them(virt: Board) -> None:
    self_check(compile_graph(load(within_another()), virt, "pauses"), "zig")


def test_in_a_subgraph() -> None:
    flag = Tensor("flag", (1,), DType.BOOL)
    inside, out = value("inside", 1, 1, 1, 4), value("y", 1, 3, 1, 4)
    body = Subgraph([buffer(inside, ROWS, 2)], [inside], [ROWS])
    choice = Operator("IF", (flag, X), (out,), {"then_subgraph_index": 1, "else_subgraph_index": 1})
    extras = Extras(subgraphs=[body], variables=frozenset([ROWS]))
    assert message(write_model([choice], [flag, X], [out], extras), Unsupported) == (
        "m: CIRCULAR_BUFFER circular_buffer_0_of_1 (operator 0): ends executions early, in a subgraph; convert it with "
        "cycles_max = 1"
    )
