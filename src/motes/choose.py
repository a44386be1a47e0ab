"""Which kernel serves each node on a core."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from motes.errors import Unsupported
from motes.ir import Control, Graph, Kernel, Node
from motes.program import Block, Call, Program


def choose(graph: Graph, features: Set[str] = frozenset()) -> Program:
    """A program for a core with these features.

    An operator lists its kernels from the portable one to the fastest: the last that the core can run and that fits
    the node is taken.

    Args:
        features: of the core, as in `cores/*.toml`; none: the portable kernels, which define the meaning.

    Raises:
        Unsupported: no kernel fits a node.
    """
    return Program(graph, tuple(_serve(node, features, ()) for node in graph.nodes))


def _serve(node: Node, features: Set[str], rounds: tuple[Node, ...]) -> Call | Block:
    op = node.op
    if not isinstance(op, Control):
        return Call(node, _best(node, features, rounds), rounds)
    bodies = (
        Program(body, tuple(_serve(inner, features, op.rounds_of(inner)) for inner in body.nodes)) for body in op.bodies
    )
    return Block(node, tuple(bodies))


def _best(node: Node, features: Set[str], rounds: tuple[Node, ...]) -> Kernel:
    """The last kernel that fits; in a loop whose rounds differ, the last of those with the fewest parameters."""
    fitting = [
        kernel
        for kernel in reversed(node.op.kernels)
        if kernel.needs <= features and all(kernel.fits(n) for n in rounds or (node,)) and _serves(kernel, rounds)
    ]
    if not fitting:
        raise Unsupported(
            node, "no kernel fits it on this core", "choose another board, or file an issue with the model"
        )
    return min(fitting, key=lambda kernel: _flash(Call(node, kernel, rounds))) if rounds else fitting[0]


def _serves(kernel: Kernel, rounds: tuple[Node, ...]) -> bool:
    return kernel.together is None or (bool(rounds) and kernel.together(rounds) is not None)


def _flash(call: Call) -> int:
    """Bytes of parameters in a loop: of a number in each round, or of each array once or in each round."""
    columns, rounds = call.columns, len(call.rounds)
    once = sum(v.nbytes for name, v in call.params.items() if isinstance(v, np.ndarray) and name not in columns)
    return once + rounds * sum(v[0].nbytes if isinstance(v[0], np.ndarray) else 4 for v in columns.values())
