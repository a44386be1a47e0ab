"""Passes, before and after."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.errors import BadInput
from motes.ir import DType, Graph, Node, Op, Tensor
from motes.passes import prepare
from motes.passes.drop_dead_nodes import drop_dead_nodes
from motes.passes.order_nodes import order_nodes
from motes.wellformed import verify


class Any(Op):
    """Anything from anything."""


def tensor(name: str, size: int = 8) -> Tensor:
    return Tensor(name, (size,), DType.INT8)


def node(name: str, inputs, outputs) -> Node:
    return Node(name, Any(), tuple(inputs), tuple(outputs))


def text(graph: Graph) -> str:
    return "; ".join(
        f"{','.join(t.name for t in n.inputs)} -> {','.join(t.name for t in n.outputs)}" for n in graph.nodes
    )


def test_drop_dead_nodes():
    x, a, b, y = (tensor(n) for n in "xaby")
    graph = Graph("g", (x,), (y,), (node("1", [x], [a]), node("2", [a], [b]), node("3", [a], [y])))
    assert text(graph) == "x -> a; a -> b; a -> y"
    assert text(drop_dead_nodes(graph)) == "x -> a; a -> y"


def test_order_nodes_finishes_a_branch_before_it_begins_another():
    x, y = tensor("x"), tensor("y")
    wide = [tensor(f"wide{i}", 100) for i in range(3)]
    thin = [tensor(f"thin{i}", 1) for i in range(3)]
    grow = [node(f"grow{i}", [x], [wide[i]]) for i in range(3)]
    shrink = [node(f"shrink{i}", [wide[i]], [thin[i]]) for i in range(3)]
    graph = Graph("g", (x,), (y,), (*grow, *shrink, node("join", thin, [y])))
    assert text(order_nodes(graph)) == (
        "x -> wide0; wide0 -> thin0; x -> wide1; wide1 -> thin1; x -> wide2; wide2 -> thin2; thin0,thin1,thin2 -> y"
    )


def test_a_long_chain_keeps_its_order():
    tensors = [tensor(f"t{i}", 1 + i % 7) for i in range(3000)]
    nodes = tuple(node(f"n{i}", [a], [b]) for i, (a, b) in enumerate(itertools.pairwise(tensors)))
    graph = Graph("g", (tensors[0],), (tensors[-1],), nodes)
    assert order_nodes(graph).nodes == nodes


def test_a_graph_too_wide_to_search_keeps_its_order():
    x = tensor("x")
    outs = [tensor(f"y{i}") for i in range(24)]
    nodes = tuple(node(f"n{i}", [x], [y]) for i, y in enumerate(outs))
    graph = Graph("g", (x,), tuple(outs), nodes)
    assert order_nodes(graph) is graph


def peak(graph: Graph, order) -> int:
    """Most bytes alive at once, told step by step."""
    most, done = 0, []
    for n in order:
        alive = {t for m in done for t in m.outputs} | set(graph.inputs)
        left = [m for m in order if m not in done]
        needed = {t for m in left for t in m.inputs} | set(graph.outputs)
        most = max(most, sum(t.nbytes for t in alive & needed) + sum(t.nbytes for t in n.outputs))
        done.append(n)
    return most


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_order_needs_less(data):
    tensors = [tensor("x", data.draw(st.integers(1, 9)))]
    nodes = []
    for i in range(data.draw(st.integers(1, 5))):
        reads = data.draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=2, unique=True))
        tensors.append(tensor(f"t{i}", data.draw(st.integers(1, 9))))
        nodes.append(node(f"n{i}", reads, [tensors[-1]]))
    graph = Graph("g", (tensors[0],), (tensors[-1],), tuple(nodes))

    def valid(order) -> bool:
        known = {tensors[0]}
        for n in order:
            if not known.issuperset(n.inputs):
                return False
            known.update(n.outputs)
        return True

    best = min(peak(graph, o) for o in itertools.permutations(nodes) if valid(o))
    assert peak(graph, order_nodes(graph).nodes) == best


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (Graph("g", (), (tensor("y"),), ()), "g: nothing writes its output y"),
        (
            Graph("g", (), (), (node("n", [tensor("x")], [tensor("y")]),)),
            "Any n: reads tensor x before anything has written it",
        ),
        (Graph("g", (t := tensor("x"),), (t,), (node("n", [t], [t]),)), "tensor x is produced twice"),
        (Graph("g", (tensor("x", 0),), (), ()), "has no elements; convert the model again with fixed, positive shapes"),
    ],
)
def test_verify_says_what_is_wrong(graph, words):
    with pytest.raises(BadInput, match=words):
        verify(graph)


def test_prepare_verifies_and_returns_what_is_whole():
    x, y = tensor("x"), tensor("y")
    graph = Graph("g", (x,), (y,), (node("n", [x], [y]),))
    assert text(prepare(graph)) == "x -> y"
