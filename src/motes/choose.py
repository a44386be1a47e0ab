"""Which kernel serves each node on a core."""

from __future__ import annotations

from collections.abc import Set

from motes.errors import Unsupported
from motes.ir import Block, Call, Control, Graph, Kernel, Node, Program


def choose(graph: Graph, features: Set[str] = frozenset()) -> Program:
    """A program for a core with these features.

    An operator lists its kernels from the portable one to the fastest: the last that the core can run and that fits
    the node is taken.

    Args:
        features: of the core, as in `cores/*.toml`; none: the portable kernels, which define the meaning.

    Raises:
        Unsupported: no kernel fits a node.
    """
    return Program(graph, tuple(_serve(node, features) for node in graph.nodes))


def _serve(node: Node, features: Set[str]) -> Call | Block:
    if isinstance(node.op, Control):
        return Block(node, tuple(choose(body, features) for body in node.op.bodies))
    return Call(node, _best(node, features))


def _best(node: Node, features: Set[str]) -> Kernel:
    for kernel in reversed(node.op.kernels):
        if kernel.needs <= features and kernel.fits(node):
            return kernel
    raise Unsupported(node, "no kernel fits it on this core", "choose another board, or file an issue with the model")
