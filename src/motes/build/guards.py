"""Plans with guards: every tensor and scratch has memory of its own, and bytes around it that nothing may touch.

Whoever runs such a plan fills the guards and looks at them afterwards, or has a sanitizer watch them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from motes.emit.model import offset_of
from motes.plan import Plan, block_places, round_up
from motes.program import Block, Call, Program

GUARD = 64
"""Bytes around each buffer, and around a graph's whole memory."""
FILL = 0xA5
"""What guards hold."""


def spread(program: Program) -> Plan:
    """A plan in which nothing shares memory: every tensor and scratch has its place, with guards in between."""

    def places(sizes: Sequence[int]) -> Iterator[int]:
        at = 0
        for size in sizes:
            yield at + GUARD
            at += GUARD + round_up(size)

    graph = program.graph
    kept = {s.read: s.read for s in graph.states}
    every = [call for _, call, _ in program.walk()]
    same = {t: place for call in every if isinstance(call, Block) for t, place in block_places(call).items()}
    tensors = [t for p in program.within for t in p.tensors if t.data is None and t not in kept and t not in same]
    calls = [c for c in every if isinstance(c, Call) and c.scratch]
    sizes = [t.nbytes for t in tensors] + [c.scratch for c in calls]
    offsets = list(places(sizes))
    arena = sum(GUARD + round_up(s) for s in sizes) + GUARD
    states = [t.nbytes for t in kept]
    return Plan(
        dict(zip(tensors, offsets, strict=False)),
        dict(zip(calls, offsets[len(tensors) :], strict=True)),
        dict(zip(kept, places(states), strict=True)),
        arena,
        sum(GUARD + round_up(s) for s in states) + GUARD if states else 0,
        arena,
        (),
        same,
    )


def spans(plan: Plan) -> list[slice]:
    """The bytes of a spread plan that may be written, within the state struct."""
    tensors = [(offset_of(t, plan), t.nbytes) for t in (*plan.offsets, *plan.kept)]
    scratch = [(at, call.scratch) for call, at in plan.scratch.items() if isinstance(call, Call)]
    return [slice(at, at + size) for at, size in (*tensors, *scratch)]
