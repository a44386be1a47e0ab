"""How often a loop runs, where that follows from constants: from numbers that it counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from motes.ir import Array, Graph, Node, Tensor

MOST_FOLDS = 1 << 15
"""Nodes that are computed for an answer, all rounds together."""

MOST_ELEMENTS = 64
"""Of each tensor that is computed for it."""


def rounds_of(condition: Graph, step: Graph, inputs: Sequence[Tensor | None]) -> int | None:
    """How often `step` runs before `condition` fails; None where that depends on what is not known, or takes long.

    Args:
        condition: of the variables, in order: its first output is a boolean.
        step: has the variables as states, in order.
        inputs: their values before the first round.
    """
    asked = needed(condition, condition.outputs[:1])
    counters = _counters(condition, step, asked)
    first = [inputs[i].data if inputs[i] is not None else None for i in counters]
    made = needed(step, [step.states[i].write for i in counters])
    tensors = [t for n in (*asked, *made) for t in (*n.inputs, *n.outputs) if t is not None]
    if any(x is None for x in first) or any(t.elements > MOST_ELEMENTS for t in tensors):
        return None
    now = {i: x for i, x in zip(counters, first, strict=True) if x is not None}
    for count in range(MOST_FOLDS // max(1, len(asked) + len(made))):
        known = computed_now(asked, {condition.inputs[i]: x for i, x in now.items()})
        holds = known.get(condition.outputs[0])
        if holds is None:
            return None
        if not holds.all():
            return count
        known = computed_now(made, {step.states[i].read: x for i, x in now.items()})
        following = {i: known.get(step.states[i].write) for i in counters}
        now = {i: x for i, x in following.items() if x is not None}
        if len(now) < len(counters):
            return None
    return None


def needed(graph: Graph, wanted: Collection[Tensor]) -> tuple[Node, ...]:
    """The nodes that `wanted` depend on, in order."""
    missing, found = set(wanted), []
    for node in reversed(graph.nodes):
        if not missing.isdisjoint(node.outputs):
            found.append(node)
            missing.update(t for t in node.inputs if t is not None)
    return tuple(reversed(found))


def computed_now(nodes: Sequence[Node], known: Mapping[Tensor, Array]) -> dict[Tensor, Array]:
    """What is known, and what follows from it through these nodes."""
    values = {t: x.reshape(t.shape) for t, x in known.items()}
    for node in nodes:
        inputs = tuple(dataclasses.replace(t, data=values[t]) if t and t in values else t for t in node.inputs)
        if None not in inputs:
            made = node.op.fold(dataclasses.replace(node, inputs=inputs)) or ()
            values |= dict(zip(node.outputs, made, strict=False))
    return values


def _counters(condition: Graph, step: Graph, asked: Sequence[Node]) -> tuple[int, ...]:
    """The variables that the condition depends on, in this round or in a later one."""
    read = {t for n in asked for t in n.inputs} | {condition.outputs[0]}
    found = [i for i, t in enumerate(condition.inputs) if t in read]
    for i in found:  # which grows meanwhile
        state = step.states[i]
        behind = {t for n in needed(step, [state.write]) for t in n.inputs} | {state.write}
        found += [j for j, other in enumerate(step.states) if other.read in behind and j not in found]
    return tuple(found)
