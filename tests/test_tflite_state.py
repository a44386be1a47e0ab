"""What files keep from one execution to the next: variables become states, and runs equal TFLM's, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from flatbuffers import flexbuffers

from motes.build import host
from motes.errors import BadInput, Unsupported
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


def once(index: int = 1) -> Operator:
    return Operator("CALL_ONCE", (), (), {"init_subgraph_index": index})


def initial(**values: Tensor) -> Subgraph:
    """A subgraph that assigns these."""
    operators = []
    for name, constant in values.items():
        made, what = handle(name)
        operators += [made, assign(what, constant)]
    return Subgraph(operators, name="initial")


X, Y, V, W = value("x"), value("y"), value("v"), value("w")
(A, A_HANDLE), (B, B_HANDLE) = handle("a"), handle("b")


# ------------------------------------------------------------------------------------------------ models


def sum_of_all() -> bytes:
    """A sum over all runs, from a value that CALL_ONCE assigns."""
    operators = [once(), A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, Y)]
    return write_model(operators, [X], [Y], Extras(subgraphs=[initial(a=value("c", data=(9, -9, 3, 120)))]))


def without_initial_value() -> bytes:
    """The same from whatever memory holds at first: the zero point."""
    return write_model([A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, Y)], [X], [Y])


def floats_without_initial_value() -> bytes:
    x, v, y = (changed(t, dtype=DType.FLOAT32, quant=None) for t in (X, V, Y))
    return write_model([A, read(A_HANDLE, v), add(x, v, y), assign(A_HANDLE, y)], [x], [y])


def read_behind_assign() -> bytes:
    """A read gives what was assigned last: nothing is kept."""
    return write_model([A, assign(A_HANDLE, X), read(A_HANDLE, V), add(X, V, Y)], [X], [Y])


def read_twice_around_assign() -> bytes:
    z = value("z")
    operators = [A, read(A_HANDLE, V), add(X, V, z), assign(A_HANDLE, z), read(A_HANDLE, W), add(V, W, Y)]
    return write_model(operators, [X], [Y])


def delay() -> bytes:
    """The output is the input of the run before."""
    return write_model([A, read(A_HANDLE, Y), assign(A_HANDLE, X)], [X], [Y])


def delay_by_two() -> bytes:
    operators = [A, B, read(A_HANDLE, V), read(B_HANDLE, Y), assign(B_HANDLE, V), assign(A_HANDLE, X)]
    return write_model(operators, [X], [Y])


def exchange() -> bytes:
    """Two variables change places in every run."""
    operators = [once(), A, B, read(A_HANDLE, V), read(B_HANDLE, W), assign(A_HANDLE, W), assign(B_HANDLE, V)]
    first = initial(a=value("c", data=(1, 2, 3, 4)), b=value("d", data=(5, 6, 7, 8)))
    return write_model([*operators, add(X, V, Y)], [X], [Y], Extras(subgraphs=[first]))


def constant_assigned() -> bytes:
    constant = value("c", data=(1, 2, 3, 4))
    return write_model([A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, constant)], [X], [Y])


def one_value_for_two() -> bytes:
    operators = [A, B, read(A_HANDLE, V), read(B_HANDLE, W), add(V, X, Y), assign(A_HANDLE, Y), assign(B_HANDLE, Y)]
    return write_model([*operators, add(Y, W, value("z"))], [X], [Y])


def other_shape() -> bytes:
    """Assigned in one shape, read in another."""
    flat = value("flat", 4)
    wide = changed(flat, name="wide", shape=(2, 2))
    operators = [A, read(A_HANDLE, flat), add(flat, value("c", 4, data=(1, 2, 3, 4)), w := value("u", 4))]
    operators += [read(A_HANDLE, wide), add(wide, X2, Y2), assign(A_HANDLE, Y2), add(w, w, value("unused", 4))]
    return write_model(operators, [X2], [Y2])


X2, Y2 = value("x", 2, 2), value("y", 2, 2)


def only_read() -> bytes:
    operators = [once(), A, read(A_HANDLE, V), add(X, V, Y)]
    return write_model(operators, [X], [Y], Extras(subgraphs=[initial(a=value("c", data=(4, 3, 2, 1)))]))


def only_assigned() -> bytes:
    return write_model([A, add(X, X, Y), assign(A_HANDLE, Y)], [X], [Y])


def computed_initial_value() -> bytes:
    """The initial value is a sum of constants."""
    made, what = handle("a")
    total = value("total")
    body = [made, add(value("c", data=(9, -9, 3, 100)), value("d", data=(1, 2, 3, 4)), total), assign(what, total)]
    operators = [once(), A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, Y)]
    return write_model(operators, [X], [Y], Extras(subgraphs=[Subgraph(body)]))


def variable_tensor_that_any_operator_writes() -> bytes:
    return write_model([add(X, V, V), add(V, X, Y)], [X], [Y], Extras(variables=frozenset([V])))


def variable_tensor_that_nothing_writes() -> bytes:
    return write_model([add(X, V, Y)], [X], [Y], Extras(variables=frozenset([V])))


def variable_tensor_that_is_the_output() -> bytes:
    return write_model([add(X, V, V)], [X], [V], Extras(variables=frozenset([V])))


def unreachable_subgraph() -> bytes:
    """A subgraph that nothing calls may hold anything."""
    other = Subgraph([Operator("ADD", (X, W), (Y,), ADD)], [X], [Y])
    return write_model([add(X, X, Y)], [X], [Y], Extras(subgraphs=[other]))


MODELS: dict[Callable[[], bytes], int] = {
    sum_of_all: 1,
    without_initial_value: 1,
    floats_without_initial_value: 1,
    read_behind_assign: 0,
    read_twice_around_assign: 1,
    delay: 1,
    delay_by_two: 2,
    exchange: 2,
    constant_assigned: 1,
    one_value_for_two: 2,
    other_shape: 1,
    only_read: 0,
    only_assigned: 0,
    computed_initial_value: 1,
    variable_tensor_that_any_operator_writes: 1,
    variable_tensor_that_nothing_writes: 1,
    variable_tensor_that_is_the_output: 1,
    unreachable_subgraph: 0,
}
"""Each with the number of states it becomes."""

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)


def stimuli(graph: Graph) -> list[Array]:
    """(STEPS, *shape) for each input."""
    rng = np.random.default_rng(1)
    return [rng.integers(-60, 60, (STEPS, *t.shape)).astype(t.dtype.numpy) for t in graph.inputs]


@every_model
def test_it_becomes_states(model: Callable[[], bytes]) -> None:
    graph = load(model())
    assert len(graph.states) == MODELS[model]
    assert len({state.name for state in graph.states}) == len(graph.states)
    assert all(state.initial.shape == state.read.shape for state in graph.states)


@every_model
@pytest.mark.parametrize("sanitize", [False, True])
def test_runs_equal_tflm(model: Callable[[], bytes], sanitize: bool) -> None:
    graph = load(model())
    given = stimuli(graph)
    expected = run_tflm(model(), list(zip(*given, strict=True)))
    (compiled,) = host.load([graph], sanitize=sanitize)
    for _ in range(2):
        for found, wanted in zip(compiled.run_many(*given), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)
        compiled.reset()


def test_a_state_that_is_computed_in_place_costs_no_other_memory() -> None:
    (compiled,) = host.load([load(sum_of_all())])
    (state,) = compiled.graph.states
    assert state.name == "a"
    np.testing.assert_array_equal(state.initial, [[9, -9, 3, 120]])


# ------------------------------------------------------------------------------------------------ errors


def test_a_variable_that_nothing_writes() -> None:
    data = write_model([A, read(A_HANDLE, V), add(X, V, Y)], [X], [Y])
    assert message(data, BadInput) == (
        "m: operator 1 (READ_VARIABLE): reads the variable 'a', which nothing ever writes; assign it an initial value "
        "and convert the model again"
    )


def test_a_variable_of_two_sizes() -> None:
    data = write_model([A, read(A_HANDLE, V), add(X, V, Y), assign(A_HANDLE, value("c", 1, 2, data=(1, 2)))], [X], [Y])
    assert message(data, BadInput) == (
        "m: operator 1 (READ_VARIABLE): takes the variable 'a' for 4 bytes, but it has 2; give it one shape and "
        "convert the model again"
    )


def test_an_initial_value_behind_the_first_use() -> None:
    operators = [A, read(A_HANDLE, V), once(), add(X, V, Y), assign(A_HANDLE, Y)]
    data = write_model(operators, [X], [Y], Extras(subgraphs=[initial(a=value("c", data=(1, 2, 3, 4)))]))
    assert message(data, Unsupported) == (
        "m: operator 2 (CALL_ONCE): prepares the variable 'a' after its first use; call the initialisation first: "
        "convert the model again with a current TensorFlow"
    )


def test_an_initial_value_that_is_not_known() -> None:
    made, what = handle("a")
    body = Subgraph([made, assign(what, V)])
    operators = [once(), A, read(A_HANDLE, W), add(X, W, Y), assign(A_HANDLE, Y)]
    assert message(write_model(operators, [X], [Y], Extras(subgraphs=[body])), Unsupported) == (
        "m: operator 1 (ASSIGN_VARIABLE) of subgraph 1: assigns v, which is not known before the first run; give "
        "variables constant initial values"
    )


def test_a_handle_that_is_none() -> None:
    stray = Tensor("stray", (), DType.INT32)
    data = write_model([read(stray, V), add(X, V, Y)], [X], [Y])
    assert message(data, BadInput) == (
        "m: operator 0 (READ_VARIABLE): its first input is no variable's handle; the file is damaged: convert it again"
    )


def test_operators_of_variables_with_other_ends() -> None:
    data = write_model([A, Operator("READ_VARIABLE", (A_HANDLE, X), (V,)), add(X, V, Y)], [X], [Y])
    assert message(data, BadInput) == (
        "m: operator 1 (READ_VARIABLE): has 2 inputs and 1 outputs, not 1 and 1; the file is damaged: convert it again"
    )


def test_a_handle_as_any_other_input() -> None:
    data = write_model([A, add(X, A_HANDLE, Y)], [X], [Y])
    assert message(data, Unsupported) == (
        "m: tensor 1 'a_handle': a variable, is input 1 of operator 1 (ADD); use variables by READ_VARIABLE and "
        "ASSIGN_VARIABLE only"
    )


def test_a_subgraph_that_is_not_there() -> None:
    operators = [once(7), add(X, X, Y)]
    assert message(write_model(operators, [X], [Y]), BadInput) == (
        "m: operator 0 (CALL_ONCE) calls subgraph 7, but there are 1; the file is damaged: convert it again"
    )


def test_a_model_that_prepares_itself() -> None:
    said = message(write_model([once(0), add(X, X, Y)], [X], [Y]), BadInput)
    assert said == (
        "m: its subgraphs call each other in a circle (subgraph 0 'main' -> subgraph 0 'main'), which would never end; "
        "write the recursion as a loop, or convert the model again"
    )


def branch(then: int, otherwise: int) -> Operator:
    return Operator("IF", (FLAG, X), (Y,), {"then_subgraph_index": then, "else_subgraph_index": otherwise})


FLAG = Tensor("flag", (1,), DType.BOOL)


def test_subgraphs_that_call_each_other() -> None:
    first = Subgraph([branch(2, 2)], [FLAG, X], [Y], "first")
    second = Subgraph([branch(1, 1)], [FLAG, X], [Y], "second")
    said = message(write_model([branch(1, 2)], [FLAG, X], [Y], Extras(subgraphs=[first, second])), BadInput)
    assert said == (
        "m: its subgraphs call each other in a circle (subgraph 1 'first' -> subgraph 2 'second' -> subgraph 1 "
        "'first'), which would never end; write the recursion as a loop, or convert the model again"
    )


def test_subgraphs_that_double_with_each_call() -> None:
    """Thirty subgraphs that call the next one twice: a billion copies of the last."""
    bodies = [Subgraph([branch(i + 2, i + 2)], [FLAG, X], [Y], f"b{i}") for i in range(30)]
    bodies.append(Subgraph([add(X, X, Y)], [FLAG, X], [Y], "last"))
    said = message(write_model([branch(1, 1)], [FLAG, X], [Y], Extras(subgraphs=bodies)), Unsupported)
    assert said.endswith(
        "each subgraph counted as often as it is called; 4,096 at most: call fewer or smaller subgraphs"
    )


# ------------------------------------------------------------------------------------------------ variable tensors


def svdf(state: Tensor) -> Operator:
    feature = value("feature", 2, 4, data=range(8))
    time = value("time", 2, 3, data=range(-3, 3))
    bias = Tensor("bias", (2,), DType.INT32, quant(0.25, 0), np.array([5, -5], np.int32))
    options = {"rank": 1, "fused_activation_function": "NONE", "asymmetric_quantize_inputs": False}
    return Operator("SVDF", (X, feature, time, bias, state), (Y4,), options)


STATE, Y4 = value("state", 1, 6), value("y", 1, 2)


def test_memory_that_is_no_variable() -> None:
    assert message(write_model([svdf(STATE)], [X], [Y4]), BadInput) == (
        "m: tensor 4 'state', input 4 of operator 0 (SVDF), is memory, but not marked as a variable; convert the model "
        "again"
    )


def test_a_variable_tensor_becomes_a_state_that_starts_at_its_zero_point() -> None:
    graph = load(write_model([svdf(STATE)], [X], [Y4], Extras(variables=frozenset([STATE]))))
    (state,), (node,) = graph.states, graph.nodes
    assert node.inputs[4] is state.read
    assert node.outputs == (graph.outputs[0], state.write)
    np.testing.assert_array_equal(state.initial, np.full((1, 6), 3, np.int8))


# ------------------------------------------------------------------------------------------------ custom operators

ROW, ROWS = value("row", 1, 1, 1, 4), value("rows", 1, 3, 1, 4)


def custom(options: dict[str, object] | bytes | None, code: str = "CIRCULAR_BUFFER") -> bytes:
    operator = Operator("CUSTOM", (ROW,), (ROWS,), options, custom_code=code)
    return write_model([operator], [ROW], [ROWS], Extras(variables=frozenset([ROWS])))


def test_options_of_a_custom_operator() -> None:
    assert load(custom({"other": "text", "cycles_max": 1, "real": 0.5, "flag": True})).nodes[0].op.title == (
        "CIRCULAR_BUFFER"
    )


@pytest.mark.parametrize("count", [1, 2, 40, 100])
def test_maps_of_any_size(count: int) -> None:
    options = {f"key_{i}": 10**i % 4_000_000_007 for i in range(count)} | {"cycles_max": 1}
    assert load(custom(options)).nodes


def test_a_custom_operator_that_nobody_knows() -> None:
    assert message(custom({}, "Mystery"), Unsupported).startswith(
        "m: operator 0: custom operator 'Mystery' is not one that Motes knows; "
    )


def test_a_builtin_operators_name_is_no_custom_operator() -> None:
    assert "custom operator 'ADD' is not one that Motes knows" in message(custom({}, "ADD"), Unsupported)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cycles_max": "one"}, "the option cycles_max is 'one', not of type int; convert the model again"),
        ({"cycles_max": 1 << 40}, "the option cycles_max is 1099511627776; it must be a number of 32 bits"),
        ({"cycles_max": float("nan")}, "the option cycles_max is nan; it must be a number of 32 bits"),
        (b"\1", "the options of operator 0 (custom 'CIRCULAR_BUFFER') do not hold together"),
        (b"\0\4\1", "the options of operator 0 (custom 'CIRCULAR_BUFFER'): are no map from names to values"),
        ({"cycles_max": 1, "list": [1, 2]}, "hold a value of type"),
    ],
)
def test_options_that_are_none(options: dict[str, object] | bytes, words: str) -> None:
    with pytest.raises((BadInput, Unsupported)) as caught:
        load(custom(options), "m")
    assert words in str(caught.value)


def test_options_cut_or_changed_anywhere() -> None:
    whole = bytes(flexbuffers.Dumps({"cycles_max": 1, "name": "text", "real": 0.5}))
    for at in range(len(whole)):
        for spoiled in (whole[:at], *(whole[:at] + bytes([v]) + whole[at + 1 :] for v in (0, 1, 127, 128, 255))):
            try:
                load(custom(spoiled), "m")
            except (BadInput, Unsupported) as error:
                assert str(error).startswith("m: ")
