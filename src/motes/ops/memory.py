"""Operators with memory of their own: what they keep becomes inputs and outputs of their nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from motes.ir import Array, DType, Node, State, Tensor


def remembering(
    node: Node, initial: Sequence[Array], named: Callable[[str], str] = str
) -> tuple[Node, tuple[State, ...]]:
    """The node with one more input and one more output for each of the first values `initial`, and what keeps them.

    Args:
        named: makes a name unique.
    """
    states = []
    for i, values in enumerate(initial):
        dtype = DType(values.dtype.name)
        read, write = (Tensor(named(f"{node.name}_{what}{i}"), values.shape, dtype) for what in ("memory", "kept"))
        states.append(State(read.name, values, read, write))
    inputs, outputs = tuple(s.read for s in states), tuple(s.write for s in states)
    return replace(node, inputs=(*node.inputs, *inputs), outputs=(*node.outputs, *outputs)), tuple(states)
