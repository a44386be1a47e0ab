"""Graphs within graphs: on the host and on the virtual board, between others, nested, and settled where known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.errors import BadInput, MotesError
from motes.ir import Array, DType, Graph, Node, Op, State, Tensor, quant
from motes.ops.add.op import Add
from motes.ops.control.bodies import with_variables
from motes.ops.control.op import If, Part, Repeat, While
from motes.passes import prepare
from motes.passes.settle_branches import settle_branches
from motes.plan import plan
from motes.program import Block, Call
from motes.proving import compile_graph, layers_of, self_check
from motes.target import Board
from motes.tflite import load
from motes.wellformed import verify
from tflite_writer import Extras, Operator, Subgraph, write_model
from tflm import run_tflm

Q = quant(0.5, 0)


def tensor(name: str, *shape: int, dtype: DType = DType.INT8, data: Array | None = None) -> Tensor:
    return Tensor(name, shape, dtype, Q if dtype is DType.INT8 else None, data)


def flag(name: str, value: bool | None = None) -> Tensor:
    return tensor(name, 1, dtype=DType.BOOL, data=None if value is None else np.array([value]))


def added(name: str, inputs: Sequence[Tensor], output: Tensor) -> Node:
    return Node(name, Add(), tuple(inputs), (output,))


def doubling(name: str = "double") -> Graph:
    x, y = tensor(f"{name}_x", 4), tensor(f"{name}_y", 4)
    return Graph(name, (x,), (y,), (added(f"{name}_add", (x, x), y),))


def constant(name: str, *values: int) -> Tensor:
    return tensor(name, len(values), data=np.array(values, np.int8))


def running_sum(steps: int = 5, width: int = 8) -> Graph:
    """sum[t] = sum[t - 1] + x[t], from `start` on; every sum is kept, and the last one doubled."""
    x, sums = tensor("x", steps, width), tensor("sums", steps, width)
    start, last, twice = tensor("start", width), tensor("last", width), tensor("twice", width)
    now, before, after = tensor("now", width), tensor("before", width), tensor("after", width)
    state = State("sum", np.zeros(width, np.int8), before, after)
    body = Graph("body", (now,), (after,), (added("add", (before, now), after),), (state,))
    loop = Repeat((body,), steps, (Part(0, width),), (Part(0, width),))
    nodes = (Node("loop", loop, (start, x), (last, sums)), added("double", (last, last), twice))
    return Graph("running_sum", (start, x), (sums, twice), nodes)


def test_a_loop_takes_slices_and_keeps_them() -> None:
    rng = np.random.default_rng(0)
    start, x = rng.integers(-9, 9, 8, np.int8), rng.integers(-9, 9, (5, 8), np.int8)
    want = start + np.cumsum(x, axis=0)
    for sanitize in (False, True):
        (ours,) = host.load([running_sum()], sanitize=sanitize)
        sums, twice = ours(start, x)
        assert sums.tolist() == want.tolist()
        assert twice.tolist() == (2 * want[-1]).tolist()


def test_a_loop_backwards_reads_and_writes_from_the_end() -> None:
    graph = running_sum()
    loop, double = graph.nodes
    assert isinstance(loop.op, Repeat)
    back = replace(loop, op=replace(loop.op, reads=(Part(32, -8),), writes=(Part(32, -8),)))
    (ours,) = host.load([replace(graph, nodes=(back, double))], sanitize=True)
    x = np.arange(40, dtype=np.int8).reshape(5, 8) // 8
    sums, _ = ours(np.zeros(8, np.int8), x)
    assert sums[:, 0].tolist() == [10, 10, 9, 7, 4]


def test_a_variable_whose_old_value_is_dead_is_computed_in_its_place() -> None:
    steps = Graph("g", (x := tensor("x", 8),), (y := tensor("y", 8),), ())
    before, half, after = tensor("before", 8), tensor("half", 8), tensor("after", 8)
    nodes = (added("one", (before, before), half), added("two", (half, half), after))
    body = Graph("body", (), (), nodes, (State("s", np.zeros(8, np.int8), before, after),))
    graph = replace(steps, nodes=(Node("loop", Repeat((body,), 3, (), ()), (x,), (y,)),))
    found = plan(choose(verify(graph)))
    assert found.same[after].tensor is before and found.same[before].tensor is y
    assert found.offsets[x] == found.offsets[y]  # the loop begins where its input lies
    assert found.arena == 16  # and only `half` is beside it
    (ours,) = host.load([graph], sanitize=True)
    assert ours(np.arange(8, dtype=np.int8) - 4)[0].tolist() == [-128, -128, -128, -64, 0, 64, 127, 127]


def nested() -> tuple[bytes, Graph]:
    """While flags come: if the next one says so, double, else add one; as a file, and as what it means."""
    ends = [tensor("x", 4), flag("a"), flag("b"), flag("c")]
    inside = [replace(t, name=f"in_{t.name}") for t in ends]
    asked = [replace(t, name=f"asked_{t.name}") for t in ends]
    outs = [replace(t, name=f"out_{t.name}") for t in ends]
    made, x1, y1, x2, y2 = (tensor(n, 4) for n in ("made", "x1", "y1", "x2", "y2"))
    add = {"fused_activation_function": 0}
    bodies = (
        Subgraph([], asked, [asked[1]]),
        Subgraph(
            [Operator("IF", (inside[2], inside[0]), (made,), {"then_subgraph_index": 3, "else_subgraph_index": 4})],
            inside,
            [made, inside[2], inside[3], flag("off", False)],
        ),
        Subgraph([Operator("ADD", (x1, x1), (y1,), add)], [x1], [y1]),
        Subgraph([Operator("ADD", (x2, constant("ones", 2, 2, 2, 2)), (y2,), add)], [x2], [y2]),
    )
    loop = Operator("WHILE", ends, outs, {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    data = write_model([loop], ends, outs[:1], Extras(subgraphs=bodies))
    return data, load(data, "nested")


def nested_inputs() -> list[tuple[Array, ...]]:
    flags = [(i >> 2 & 1, i >> 1 & 1, i & 1) for i in range(8)]
    return [(np.array([1, 2, -3, 100], np.int8), *(np.array([bool(f)]) for f in three)) for three in flags]


def test_if_within_while_equals_tflm() -> None:
    data, graph = nested()
    (want,) = run_tflm(data, nested_inputs())
    for sanitize in (False, True):
        (ours,) = host.load([graph], sanitize=sanitize)
        for given, expected in zip(nested_inputs(), want, strict=True):
            assert ours(*given)[0].tolist() == expected.tolist()
    assert len({tuple(w) for w in want.tolist()}) == 4


@pytest.mark.cores(one_in=3)
@pytest.mark.parametrize("graph", [nested()[1], running_sum()], ids=["while", "repeat"])
def test_the_board_runs_them_and_tells_what_each_layer_took(graph: Graph, virt: Board) -> None:
    proved = compile_graph(graph, virt, "graphs")
    self_check(proved, "zig")
    inputs = nested_inputs()[-1] if graph.name == "nested" else None
    measured = proved.measure(inputs)
    layers = {layer.name: layer for layer in layers_of(proved, measured)}
    assert sum(layer.cycles for layer in layers.values()) <= measured.cycles
    if graph.name == "nested":
        assert layers["while_0"].kernel == "loop of programs"
        inner = [name for name in layers if name.startswith("while_0_1_if_0_of_2_")]
        assert sum("add" in name for name in inner) == 2
        assert all(layers[name].cycles for name in inner)
    else:
        assert list(layers) == ["loop", "loop_0_add", "double"]
        assert layers["loop_0_add"].cycles > 3 * layers["double"].cycles
    assert proved.image.ram.stack < 200


def test_walking_names_every_call_and_counts_its_runs() -> None:
    walked = [(name, type(call), runs) for name, call, runs in choose(prepare(running_sum())).walk()]
    assert walked == [("loop", Block, 1), ("loop_0_add", Call, 5), ("double", Call, 1)]


# ---------------------------------------------------------------------------------------------- what is known


def choice(condition: Tensor) -> Graph:
    x, y, z = tensor("x", 4), tensor("y", 4), tensor("z", 4)
    other = tensor("same_x", 4)
    same = Graph("same", (other,), (other,), ())
    op = If((doubling(), same)).settled((condition, x))
    nodes = (Node("choice", op, (condition, x), (y,)), added("behind", (y, x), z))
    return Graph("g", (*([] if condition.data is not None else [condition]), x), (z,), nodes)


def test_a_known_condition_leaves_one_branch() -> None:
    x = np.array([1, 2, 3, 4], np.int8)
    for value, want in ((True, 3 * x), (False, 2 * x)):
        settled = settle_branches(verify(choice(flag("c", value))))
        assert not any(isinstance(n.op, If) for n in verify(settled).nodes)
        (ours,) = host.load([settled])
        assert ours(x)[0].tolist() == want.tolist()


def test_an_open_condition_stays() -> None:
    graph = choice(flag("c"))
    assert settle_branches(graph).nodes[0].op is graph.nodes[0].op


def test_a_loop_that_never_runs_is_a_copy() -> None:
    x, go, y, gone = tensor("x", 4), flag("go", False), tensor("y", 4), flag("gone")
    body = doubling()
    going, asked = flag("going"), (tensor("asked_x", 4), flag("asked_go"))
    step = with_variables(replace(body, inputs=(*body.inputs, going), outputs=(*body.outputs, going)))
    loop = While((Graph("asks", asked, asked[1:], ()), step)).settled((x, go))
    graph = Graph("g", (x,), (y,), (Node("loop", loop, (x, go), (y, gone)),))
    ready = prepare(graph)
    assert [n.op.title for n in ready.nodes] == ["Copy"]
    (ours,) = host.load([graph])
    assert ours(np.arange(4, dtype=np.int8))[0].tolist() == [0, 1, 2, 3]


def test_weights_that_are_handed_in_become_constants_of_the_body() -> None:
    w = constant("w", 1, 2, 3, 4)
    x, y = tensor("x", 4), tensor("y", 4)
    a, b, c = tensor("a", 4), tensor("b", 4), tensor("c", 4)
    body = Graph("body", (a, b), (c,), (added("add", (a, b), c),))
    op = If((body, doubling())).settled((flag("f"), x, w))
    assert op.bodies[0].nodes[0].input(1).data is not None
    with pytest.raises(BadInput, match="there are 1 inputs of its else branch, not 2"):
        op.check(Node("n", op, (flag("f"), x, w), (y,)))


# ---------------------------------------------------------------------------------------------- what is refused


def refused(op: Op, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> Node:
    return Node("n", op, tuple(inputs), tuple(outputs))


def test_refusals() -> None:
    x, y = tensor("x", 4), tensor("y", 4)
    two = If((doubling("one"), doubling("other")))
    (repeat, _) = running_sum().nodes
    assert isinstance(repeat.op, Repeat)
    rows: list[tuple[Node, type[MotesError], str]] = [
        (refused(two, (tensor("c", 1), x), (y,)), BadInput, "its condition is not one boolean"),
        (refused(two, (tensor("c", 2, dtype=DType.BOOL), x), (y,)), BadInput, "its condition is not one boolean"),
        (refused(two, (None, x), (y,)), BadInput, "input 0 is left out"),
        (
            refused(two, (flag("c"), tensor("x", 5)), (y,)),
            BadInput,
            "one_x int8[4] among the inputs of its then branch",
        ),
        (
            refused(
                If((doubling(), replace(doubling(), inputs=(constant("fixed", 1, 2, 3, 4),)))), (flag("c"), x), (y,)
            ),
            BadInput,
            "fixed int8[4] among the inputs of its else branch is a constant",
        ),
        (refused(two, (flag("c"), x), (y, y)), BadInput, "there are 1 outputs of its then branch, not 2"),
        (
            replace(repeat, op=replace(repeat.op, reads=(Part(8, 8),))),
            BadInput,
            "round 4 of now int8[8] lies outside of x int8[5, 8]",
        ),
        (replace(repeat, op=replace(repeat.op, reads=())), MotesError, "cannot run 5 times"),
        (replace(repeat, inputs=repeat.inputs[:1]), BadInput, "1 inputs and 2 outputs do not fit its body"),
    ]
    for node, error, words in rows:
        with pytest.raises(error) as raised:
            node.op.check(node)
        assert words in str(raised.value)


def test_files_that_contradict_themselves_are_refused() -> None:
    x, y, c = tensor("x", 4), tensor("y", 4), flag("c")
    a = tensor("a", 4)
    one = Subgraph([], [a], [a])
    rows = [
        (Operator("WHILE", (x,), (y,), {"cond_subgraph_index": 1, "body_subgraph_index": 1}), "compute one boolean"),
        (Operator("WHILE", (x, c), (y,), {"cond_subgraph_index": 1, "body_subgraph_index": 1}), "2 inputs and 1 outp"),
        (Operator("IF", (c, x), (y,), {"then_subgraph_index": 1, "else_subgraph_index": 7}), "subgraph 7, but there"),
        (Operator("IF", (), (y,), {"then_subgraph_index": 1, "else_subgraph_index": 1}), "not one boolean"),
    ]
    for operator, words in rows:
        with pytest.raises(BadInput, match=words):
            load(write_model([operator], [x, c], [y], Extras(subgraphs=(one,))))
