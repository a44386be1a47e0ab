"""What follows from constants in the rounds of a loop: how many there are, and the numbers that it counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping, Sequence

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
    if _large(asked):
        return None
    read = {t for node in asked for t in node.inputs} | {condition.outputs[0]}
    counted = {t: s.read for t, s in zip(condition.inputs, step.states, strict=True) if t in read}
    for count, known in enumerate(each_round(step, inputs, list(counted.values()))):
        found = computed_now(asked, {t: known[inside] for t, inside in counted.items()})
        holds = found.get(condition.outputs[0])
        if holds is None:
            return None
        if not holds.all():
            return count
    return None


def each_round(
    step: Graph, inputs: Sequence[Tensor | None], wanted: Sequence[Tensor]
) -> Iterator[Mapping[Tensor, Array]]:
    """The values of `wanted`, tensors of `step`, in one round after the other, for as long as they are known.

    It ends where they depend on what is not known, or where it takes long.

    Args:
        inputs: for the states, in order, their values before the first round.
    """
    states = _behind(step, wanted)
    made = needed(step, [*wanted, *(step.states[i].write for i in states)])
    if _large(made):
        return
    first = {step.states[i].read: t.data for i in states if (t := inputs[i]) is not None}
    now = {t: x for t, x in first.items() if x is not None}
    for _ in range(MOST_FOLDS // (len(made) + 1)):
        known = computed_now(made, now)
        if any(t not in known for t in wanted):
            return
        yield known
        now = {step.states[i].read: known[step.states[i].write] for i in states if step.states[i].write in known}


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


def _large(nodes: Sequence[Node]) -> bool:
    """Whether computing them may take long."""
    return any(t.elements > MOST_ELEMENTS for n in nodes for t in (*n.inputs, *n.outputs) if t is not None)


def _behind(step: Graph, wanted: Sequence[Tensor]) -> tuple[int, ...]:
    """The states that `wanted` depend on, in this round or in an earlier one."""
    found: list[int] = []
    missing = [list(wanted)]
    for ends in missing:  # which grows meanwhile
        read = {t for node in needed(step, ends) for t in node.inputs} | {*ends}
        for i, state in enumerate(step.states):
            if state.read in read and i not in found:
                found.append(i)
                missing.append([state.write])
    return tuple(found)
