"""Variables in subgraphs, and their first values: runs equal TensorFlow Lite Micro's, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from motes.build import host
from motes.errors import Unsupported
from motes.ir import Array, DType, Graph, Tensor, quant
from motes.tflite import load
from tflite_small import changed, message
from tflite_writer import Extras, Operator, Subgraph, write_model
from tflm import run_tflm

STEPS = 12
Q = quant(0.5, 3)
ADD = {"fused_activation_function": "NONE", "pot_scale_int16": True}


def value(name: str, *shape: int, data: Sequence[int] | None = None) -> Tensor:
    given = None if data is None else np.array(data, np.int8).reshape(shape or (1, 4))
    return Tensor(name, shape or (1, 4), DType.INT8, Q, given)


def flag(name: str, known: bool | None = None) -> Tensor:
    return Tensor(name, (1,), DType.BOOL, None, None if known is None else np.array([known]))


def handle(name: str) -> tuple[Operator, Tensor]:
    """VAR_HANDLE of a variable, and the handle."""
    tensor = Tensor(f"{name}_handle", (), DType.INT32)
    return Operator("VAR_HANDLE", (), (tensor,), {"container": "", "shared_name": name}), tensor


def read(what: Tensor, into: Tensor) -> Operator:
    return Operator("READ_VARIABLE", (what,), (into,))


def assign(what: Tensor, source: Tensor) -> Operator:
    return Operator("ASSIGN_VARIABLE", (what, source), ())


def add(a: Tensor, b: Tensor, y: Tensor) -> Operator:
    return Operator("ADD", (a, b), (y,), ADD)


def once(index: int) -> Operator:
    return Operator("CALL_ONCE", (), (), {"init_subgraph_index": index})


def choice(inputs: Sequence[Tensor], outputs: Sequence[Tensor], then: int, otherwise: int) -> Operator:
    return Operator("IF", inputs, outputs, {"then_subgraph_index": then, "else_subgraph_index": otherwise})


def loop(inputs: Sequence[Tensor], outputs: Sequence[Tensor], condition: int, body: int) -> Operator:
    return Operator("WHILE", inputs, outputs, {"cond_subgraph_index": condition, "body_subgraph_index": body})


X, Y, Z, V, W = (value(name) for name in "xyzvw")
FLAG, FLAG_2, FLAG_3 = (flag(f"flag_{i}") for i in range(3))
(A, A_HANDLE), (B, B_HANDLE) = handle("a"), handle("b")
IN, OUT = value("in"), value("out")


def accumulates(name: str = "accumulates") -> Subgraph:
    """Adds what comes in to a variable; its new value goes out."""
    return Subgraph([A, read(A_HANDLE, V), add(IN, V, OUT), assign(A_HANDLE, OUT)], [IN], [OUT], name)


def passes() -> Subgraph:
    """Leaves all variables as they are."""
    return Subgraph([add(IN, IN, OUT)], [IN], [OUT], "passes")


def initial(**values: Tensor) -> Subgraph:
    """Assigns these."""
    operators = []
    for name, constant in values.items():
        made, what = handle(name)
        operators += [made, assign(what, constant)]
    return Subgraph(operators, name="initial")


FIRST = value("first", data=(9, -9, 3, 60))


# ------------------------------------------------------------------------------------------------ models


def sum_in_one_branch() -> bytes:
    return write_model([choice((FLAG, X), [Y], 1, 2)], [FLAG, X], [Y], Extras(subgraphs=[accumulates(), passes()]))


def sum_in_the_other_branch() -> bytes:
    return write_model([choice((FLAG, X), [Y], 1, 2)], [FLAG, X], [Y], Extras(subgraphs=[passes(), accumulates()]))


def sum_in_a_branch_from_a_given_value() -> bytes:
    graphs = [accumulates(), passes(), initial(a=FIRST)]
    return write_model([once(3), choice((FLAG, X), [Y], 1, 2)], [FLAG, X], [Y], Extras(subgraphs=graphs))


def sum_in_both_branches() -> bytes:
    """One body, called from both branches and from two places."""
    operators = [choice((FLAG, X), [Z], 1, 2), choice((FLAG_2, Z), [Y], 2, 1)]
    graphs = [accumulates(), Subgraph([A, assign(A_HANDLE, IN)], [IN], [IN], "replaces")]
    return write_model(operators, [FLAG, FLAG_2, X], [Y], Extras(subgraphs=graphs))


def read_around_a_branch() -> bytes:
    """The variable is read in front of the branch that changes it, and behind."""
    operators = [A, read(A_HANDLE, V), choice((FLAG, X), [Y], 1, 2), read(A_HANDLE, W), add(V, W, Z)]
    return write_model(operators, [FLAG, X], [Y, Z, W], Extras(subgraphs=[accumulates(), passes()]))


def assigned_in_front_of_a_branch() -> bytes:
    """Nothing is kept: what the branch finds was assigned in the same execution."""
    operators = [A, assign(A_HANDLE, X), choice((FLAG, X), [Y], 1, 2), read(A_HANDLE, W)]
    return write_model(operators, [FLAG, X], [Y, W], Extras(subgraphs=[accumulates(), passes()]))


def reset_in_a_branch() -> bytes:
    """A branch that only assigns, a constant; the body of the other does nothing."""
    zeros = value("zeros", data=(3, 3, 3, 3))
    graphs = [Subgraph([A, assign(A_HANDLE, zeros)], [IN], [IN], "resets"), Subgraph([], [IN], [IN], "rests")]
    operators = [choice((FLAG, X), [Z], 1, 2), A, read(A_HANDLE, V), add(Z, V, Y), assign(A_HANDLE, Y)]
    return write_model(operators, [FLAG, X], [Y], Extras(subgraphs=graphs))


def only_read_in_a_branch() -> bytes:
    """A constant, since nothing but CALL_ONCE assigns it."""
    reads = Subgraph([A, read(A_HANDLE, V), add(IN, V, OUT)], [IN], [OUT], "reads")
    operators = [once(3), choice((FLAG, X), [Y], 1, 2)]
    return write_model(operators, [FLAG, X], [Y], Extras(subgraphs=[reads, passes(), initial(a=FIRST)]))


def queue(count: int) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Variables of a loop that goes on while flags come: as in the model, in the condition, in the body."""
    return tuple([value(f"{n}_x"), *(flag(f"{n}_{i}") for i in range(count))] for n in ("m", "c", "b"))  # type: ignore


def sum_in_a_loop() -> bytes:
    """As many times as flags say, the input is added to a variable."""
    around, asked, inside = queue(3)
    body = [A, read(A_HANDLE, V), add(inside[0], V, W), assign(A_HANDLE, W)]
    graphs = [
        Subgraph([], asked, [asked[1]], "condition"),
        Subgraph(body, inside, [inside[0], *inside[2:], flag("off", False)], "body"),
    ]
    outs = [changed(t, name=f"out_{t.name}") for t in around]
    operators = [loop(around, outs, 1, 2), A, read(A_HANDLE, Y)]
    return write_model(operators, around, [Y, outs[0]], Extras(subgraphs=graphs))


def branch_in_a_loop() -> bytes:
    """In each round a flag says whether the variable changes; another variable counts rounds."""
    around, asked, inside = queue(3)
    five = value("five", data=(5, 5, 5, 5))
    body = [
        choice((inside[2], inside[0]), [Z], 3, 4),
        B,
        read(B_HANDLE, V),
        add(V, five, W),
        assign(B_HANDLE, W),
    ]
    graphs = [
        Subgraph([], asked, [asked[1]], "condition"),
        Subgraph(body, inside, [Z, *inside[2:], flag("off", False)], "body"),
        accumulates(),
        passes(),
    ]
    outs = [changed(t, name=f"out_{t.name}") for t in around]
    operators = [loop(around, outs, 1, 2), B, read(B_HANDLE, Y)]
    return write_model(operators, around, [Y, outs[0]], Extras(subgraphs=graphs))


def condition_that_reads_a_variable() -> bytes:
    """The loop runs until the sum is no longer below the input."""
    asked, inside, less = value("asked", 1, 1), value("inside", 1, 1), flag("less")
    one, more, step = value("one", 1, 1), value("more", 1, 1), value("step", 1, 1, data=(23,))
    graphs = [
        Subgraph([A, read(A_HANDLE, one), Operator("LESS", (one, asked), (less,), {})], [asked], [less]),
        Subgraph([A, read(A_HANDLE, one), add(one, step, more), assign(A_HANDLE, more)], [inside], [inside]),
    ]
    x, y, v = (value(n, 1, 1) for n in "xyv")
    operators = [loop([x], [y], 1, 2), A, read(A_HANDLE, v)]
    return write_model(operators, [x], [v, y], Extras(subgraphs=graphs))


RESOURCE = 13
"""The type of a handle, in the schema."""


def handles_that_are_handed_in() -> bytes:
    """Branches and a loop get handles of two variables as inputs, as converters write it; the loop returns them."""
    around, asked, inside = queue(2)
    h, g = ([Tensor(f"{n}_{i}", (), DType.INT32) for i in range(4)] for n in "hg")
    step = Subgraph([read(h[0], V), add(IN, V, OUT), assign(g[0], OUT)], [IN, g[0], h[0]], [OUT], "branch")
    body = [choice((inside[1], inside[0], h[2], g[2]), [Z], 1, 1)]
    graphs = [
        step,
        Subgraph([], [h[1], g[1], *asked], [asked[1]], "condition"),
        Subgraph(body, [h[2], g[2], *inside], [h[2], g[2], Z, inside[2], flag("off", False)], "body"),
        initial(a=FIRST, b=FIRST),
    ]
    outs = [changed(t, name=f"out_{t.name}") for t in around]
    operators = [once(4), A, B, loop([A_HANDLE, B_HANDLE, *around], [h[3], g[3], *outs], 2, 3)]
    operators += [read(h[3], V), read(g[3], W), add(V, W, Y)]
    extras = Extras(subgraphs=graphs, type_codes=dict.fromkeys((*h, *g), RESOURCE))
    return write_model(operators, around, [Y, outs[0]], extras)


def svdf(state: Tensor, y: Tensor) -> Operator:
    feature = value("feature", 2, 4, data=range(8))
    time = value("time", 2, 3, data=range(-3, 3))
    bias = Tensor("bias", (2,), DType.INT32, quant(0.25, 0), np.array([5, -5], np.int32))
    options = {"rank": 1, "fused_activation_function": "NONE", "asymmetric_quantize_inputs": False}
    return Operator("SVDF", (IN, feature, time, bias, state), (y,), options)


STATE, SHORT, SHORT_2, SHORT_OUT = value("state", 1, 6), value("s", 1, 2), value("s_2", 1, 2), value("s_out", 1, 2)


def variable_tensor_in_a_branch() -> bytes:
    """A layer with memory that runs only where a flag says so, from two places, with one memory."""
    constant = value("c", 1, 2, data=(7, 8))
    graphs = [
        Subgraph([svdf(STATE, SHORT_OUT)], [IN], [SHORT_OUT], "remembers"),
        Subgraph([], [IN], [constant], "constant"),
    ]
    operators = [choice((FLAG, X), [SHORT], 1, 2), choice((FLAG_2, Y), [SHORT_2], 1, 2)]
    extras = Extras(subgraphs=graphs, variables=frozenset([STATE]))
    return write_model(operators, [FLAG, FLAG_2, X, Y], [SHORT, SHORT_2], extras)


def memory_of_an_operator_in_a_branch() -> bytes:
    """A delay, whose memory is in no tensor."""
    x, y, inside, out = (Tensor(n, (1, 8), DType.INT16) for n in ("x", "y", "inside", "out"))
    delay = Operator("CUSTOM", (inside,), (out,), {"delay_length": 3}, custom_code="SignalDelay")
    graphs = [Subgraph([delay], [inside], [out], "delays"), Subgraph([], [inside], [inside], "passes")]
    return write_model([choice((FLAG, x), [y], 1, 2)], [FLAG, x], [y], Extras(subgraphs=graphs))


def initial_value_from_another_variable() -> bytes:
    made, what = handle("a")
    other, of = handle("b")
    total = value("total")
    body = [made, other, assign(of, FIRST), read(of, V), add(V, FIRST, total), assign(what, total)]
    operators = [once(1), A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, Y)]
    return write_model(operators, [X], [Y], Extras(subgraphs=[Subgraph(body)]))


def initial_values_by_two_calls() -> bytes:
    """The second one reads what the first has given, and gives it to another variable; and the first again."""
    made, what = handle("a")
    other, of = handle("b")
    second = Subgraph([made, other, read(what, V), assign(of, V)], name="second")
    operators = [once(1), once(2), once(1), A, B, read(A_HANDLE, V), read(B_HANDLE, W)]
    operators += [add(X, V, Z), assign(A_HANDLE, Z), add(Z, W, Y), assign(B_HANDLE, Y)]
    return write_model(operators, [X], [Y], Extras(subgraphs=[initial(a=FIRST), second]))


MODELS: dict[Callable[[], bytes], int] = {
    sum_in_one_branch: 1,
    sum_in_the_other_branch: 1,
    sum_in_a_branch_from_a_given_value: 1,
    sum_in_both_branches: 1,
    read_around_a_branch: 1,
    assigned_in_front_of_a_branch: 0,
    reset_in_a_branch: 1,
    only_read_in_a_branch: 0,
    sum_in_a_loop: 1,
    branch_in_a_loop: 2,
    condition_that_reads_a_variable: 1,
    handles_that_are_handed_in: 1,
    variable_tensor_in_a_branch: 1,
    memory_of_an_operator_in_a_branch: 1,
    initial_value_from_another_variable: 1,
    initial_values_by_two_calls: 2,
}
"""Each with the number of states it becomes."""


def stimuli(graph: Graph) -> list[Array]:
    """(STEPS, *shape) for each input."""
    rng = np.random.default_rng(1)
    spans = [(0, 2) if t.dtype is DType.BOOL else (-60, 60) for t in graph.inputs]
    return [rng.integers(*s, (STEPS, *t.shape)).astype(t.dtype.numpy) for s, t in zip(spans, graph.inputs, strict=True)]


@pytest.mark.parametrize("sanitize", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_runs_equal_tflm(model: Callable[[], bytes], sanitize: bool) -> None:
    graph = load(model())
    assert len(graph.states) == MODELS[model]
    given = stimuli(graph)
    expected = run_tflm(model(), list(zip(*given, strict=True)))
    (compiled,) = host.load([graph], sanitize=sanitize)
    for _ in range(2):
        for found, wanted in zip(compiled.run_many(*given), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
        compiled.reset()


# ------------------------------------------------------------------------------------------------ errors


def test_a_condition_that_changes_a_variable() -> None:
    graphs = [Subgraph([A, assign(A_HANDLE, IN)], [IN, FLAG], [FLAG]), Subgraph([], [IN, FLAG], [IN, FLAG])]
    data = write_model([loop([X, FLAG_2], [Y, FLAG_3], 1, 2)], [X, FLAG_2], [Y], Extras(subgraphs=graphs))
    assert message(data, Unsupported) == (
        "m: operator 0 (WHILE): changes a variable in its condition; assign variables in the body of the loop"
    )


def test_an_initial_value_in_a_subgraph() -> None:
    graphs = [Subgraph([once(2)], [IN], [IN]), initial(a=FIRST)]
    data = write_model([choice((FLAG, X), [Y], 1, 1)], [FLAG, X], [Y], Extras(subgraphs=graphs))
    assert message(data, Unsupported) == (
        "m: operator 0 (CALL_ONCE) of subgraph 1: prepares variables in a subgraph; call the initialisation in the "
        "main one"
    )
