"""Which kernel serves each node on a core."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType

import numpy as np

from motes.errors import Unsupported
from motes.ir import Control, Graph, Kernel, Node
from motes.program import Block, Call, Program

MOST_TABLES = 4096
"""Bytes of arrays that differ from round to round, for one node whose rounds only differ in size."""


def choose(
    graph: Graph, features: Set[str] = frozenset(), picks: Mapping[Node, Kernel] = MappingProxyType({})
) -> Program:
    """A program for a core with these features.

    An operator lists its kernels from the portable one to the fastest: the last that the core can run, that fits the
    node and that pays is taken. `motes.tuning` chooses by what kernels cost.

    Args:
        features: of the core, as in `cores/*.toml`; none: the portable kernels, which define the meaning.
        picks: kernels that are chosen already, each among the `variants` of its node.

    Raises:
        Unsupported: no kernel fits a node.
    """
    return Program(graph, tuple(_serve(node, features, (), picks) for node in graph.nodes))


def variants(node: Node, features: Set[str]) -> tuple[Kernel, ...]:
    """The kernels among which one may choose for a node, the one that `choose` takes first: those that fit it, and need
    something of the core if any of these does."""
    fitting = _fitting(node, features, ())
    quick = [kernel for kernel in fitting if kernel.needs] or fitting
    return tuple(sorted(quick, key=lambda kernel: not kernel.pays(node)))


def _serve(node: Node, features: Set[str], rounds: tuple[Node, ...], picks: Mapping[Node, Kernel]) -> Call | Block:
    op = node.op
    if not isinstance(op, Control):
        return Call(node, picks.get(node) or _best(node, features, rounds), rounds)
    bodies = (
        Program(body, tuple(_serve(inner, features, op.rounds_of(inner), picks) for inner in body.nodes))
        for body in op.bodies
    )
    return Block(node, tuple(bodies))


def choose_for_rounds(call: Call, rounds: Sequence[Node], features: Set[str]) -> Kernel | None:
    """The kernel for a call in rounds that are parts of its node: its own if that will do, else the last that does and
    pays; None: there is none.

    Args:
        rounds: the node as it is in each round: the same, but of other sizes.
    """
    known = tuple(dict.fromkeys(rounds))
    others = [k for k in reversed(call.node.op.kernels) if k.needs <= features and all(map(k.pays, known))]
    return next((k for k in (call.kernel, *others) if _serves_all(k, known)), None)


def _serves_all(kernel: Kernel, rounds: Sequence[Node]) -> bool:
    """Whether a kernel fits a node in all rounds, and what differs between them is small."""
    if kernel.together is not None or not all(map(kernel.fits, rounds)):
        return False
    if kernel.constants is not None and len({kernel.constants(node) for node in rounds}) > 1:
        return False
    columns = Call(rounds[0], kernel, tuple(rounds)).columns.values()
    arrays = [[v for v in values if isinstance(v, np.ndarray)] for values in columns]
    alike = all(a.size == values[0].size for values in arrays for a in values)
    return alike and sum(a.nbytes for values in arrays for a in values) <= MOST_TABLES


def _best(node: Node, features: Set[str], rounds: tuple[Node, ...]) -> Kernel:
    """The last kernel that fits and pays; in a loop whose rounds differ, the last of those with the fewest
    parameters."""
    fitting = [kernel for kernel in _fitting(node, features, rounds) if kernel.pays(node)]
    if not fitting:
        raise Unsupported(
            node, "no kernel fits it on this core", "choose another board, or file an issue with the model"
        )
    return min(fitting, key=lambda kernel: _flash(Call(node, kernel, rounds))) if rounds else fitting[0]


def _fitting(node: Node, features: Set[str], rounds: tuple[Node, ...]) -> list[Kernel]:
    """The kernels that serve the node on this core, the fastest first."""
    return [
        kernel
        for kernel in reversed(node.op.kernels)
        if kernel.needs <= features and all(kernel.fits(n) for n in rounds or (node,)) and _serves(kernel, rounds)
    ]


def _serves(kernel: Kernel, rounds: tuple[Node, ...]) -> bool:
    return kernel.together is None or (bool(rounds) and kernel.together(rounds) is not None)


def _flash(call: Call) -> int:
    """Bytes of parameters in a loop: of a number in each round, or of each array once or in each round."""
    columns, rounds = call.columns, len(call.rounds)
    once = sum(v.nbytes for name, v in call.params.items() if isinstance(v, np.ndarray) and name not in columns)
    return once + rounds * sum(v[0].nbytes if isinstance(v[0], np.ndarray) else 4 for v in columns.values())
