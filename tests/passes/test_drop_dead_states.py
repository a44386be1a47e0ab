"""States that no output depends on."""

from __future__ import annotations

import numpy as np

from motes.ir import DType, Graph, Node, Op, State, Tensor
from motes.passes.drop_dead_states import drop_dead_states


def tensor(name: str) -> Tensor:
    return Tensor(name, (4,), DType.INT8)


def node(name: str, inputs: list[Tensor], output: Tensor) -> Node:
    return Node(name, Op(), tuple(inputs), (output,))


def test_a_state_that_only_feeds_itself_goes() -> None:
    x, y, told, told_next, own, own_next = (tensor(n) for n in ("x", "y", "told", "told_next", "own", "own_next"))
    far, far_next = tensor("far"), tensor("far_next")
    nodes = (
        node("1", [x, told], y),
        node("2", [told, far], told_next),  # told in the next execution
        node("3", [far, x], far_next),  # told in the one after that
        node("4", [own, y, told], own_next),
    )
    pairs = ((told, told_next), (own, own_next), (far, far_next))
    states = tuple(State(r.name, np.zeros(4, np.int8), r, w) for r, w in pairs)
    made = drop_dead_states(Graph("g", (x,), (y,), nodes, states))
    assert [s.name for s in made.states] == ["told", "far"]


def test_a_state_that_is_an_output_is_told() -> None:
    x, old, new = tensor("x"), tensor("old"), tensor("new")
    state = State("s", np.zeros(4, np.int8), old, new)
    graph = Graph("g", (x,), (old,), (node("1", [x], new),), (state,))
    assert drop_dead_states(graph).states == (state,)
    graph = Graph("g", (x,), (new,), (node("1", [x], new),), (state,))
    assert drop_dead_states(graph).states == ()
