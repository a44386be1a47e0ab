"""Neighbours of a program that one kernel computes together, so that what lies between them is never whole in memory.

The graph stays as it is: what is verified and what the portable code computes are the layers one by one. Only the
program differs.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from dataclasses import dataclass, replace

from motes.choose import choose
from motes.errors import Unsupported
from motes.ir import Graph
from motes.program import Block, Call, Program


@dataclass(frozen=True)
class Pair:
    """A call that stands for two."""

    parts: tuple[str, str]
    """The names of those."""
    call: Call


def pairs_of(program: Program, features: Set[str]) -> dict[str, Pair]:
    """The pairs of neighbours that a program could have, by name; no call is part of two.

    Args:
        features: of the core, as in `cores/*.toml`.
    """
    taken = {call.node.name for call in program.calls}
    found: dict[str, Pair] = {}
    parts: set[str] = set()
    for first, second in zip(program.calls, program.calls[1:], strict=False):
        pair = _pair(program, first, second, features)
        if pair is not None and pair.call.node.name not in taken and parts.isdisjoint(pair.parts):
            found[pair.call.node.name] = pair
            parts.update(pair.parts)
    return found


def joined(program: Program, pairs: Collection[Pair]) -> Program:
    """The program with pairs in the place of the calls that they stand for."""
    first = {pair.parts[0]: pair.call for pair in pairs}
    second = {pair.parts[1] for pair in pairs}
    calls = tuple(first.get(c.node.name, c) for c in program.calls if c.node.name not in second)
    return replace(program, calls=calls)


def _pair(program: Program, first: Call | Block, second: Call | Block, features: Set[str]) -> Pair | None:
    """Two neighbours as one call, where nobody else needs what the first makes for the second."""
    graph = program.graph
    if isinstance(first, Block) or isinstance(second, Block) or len(first.node.outputs) != 1:
        return None
    between = first.node.output
    ends = (*graph.outputs, *(s.write for s in graph.states))
    readers = [call for call in program.calls for t in call.node.inputs if t is between]
    node = first.node.op.joined(first.node, second.node) if readers == [second] and between not in ends else None
    if node is None:
        return None
    try:
        (call,) = choose(Graph(node.name, (), (), (node,)), features).calls
    except Unsupported:  # on this core
        return None
    assert isinstance(call, Call), node
    return Pair((first.node.name, second.node.name), call)
