"""Which form of a stage goes into the image: its graph over whole windows, or its streaming form where that pays."""

from __future__ import annotations

from dataclasses import dataclass

from motes.application import Stage
from motes.choose import choose
from motes.errors import Unsupported
from motes.ir import Graph
from motes.passes import prepare, repair
from motes.passes.streaming import Streamed, stream
from motes.plan import plan
from motes.program import Program
from motes.proving import compile_program, layers_of, lcg, self_check, zeros
from motes.target import Board
from motes.tuning import BALANCED, Goal, tuned

MEMORY = {"speed": 4, "balanced": 2, "size": 1}
"""So many times the memory of whole windows, arena, states and ring, may a streaming form take to save cycles."""

LESS = 0.9
"""It must take less than this share of their multiply-accumulates: above that, calls cost more than is saved."""

USUAL_RAM = 256 * 1024
"""Bytes that a board without a chip counts as having."""


@dataclass(frozen=True)
class LayerCost:
    """What one operator of a stage takes, alone, on the board: on silence or on noise, whichever takes longer."""

    stage: str
    name: str
    op: str
    kernel: str
    macs: int
    cycles: int


@dataclass(frozen=True, eq=False)
class Form:
    """A stage's graph, with kernels, and what it takes: nothing is known of that without a board."""

    program: Program
    layers: tuple[LayerCost, ...]
    streamed: Streamed | None = None

    @property
    def cycles(self) -> int:
        """Of a run."""
        return sum(c.cycles for c in self.layers)


def form_of(stage: Stage, board: Board, toolchain: str, goal: Goal = BALANCED, rows: bool = True) -> Form:
    """The form of a stage that takes fewer cycles, proved on the board; on the host, fewer multiply-accumulates.

    Args:
        rows: layers may run row by row.

    Raises:
        BuildFailed, BadInput, Unsupported: as `compile_program` and `self_check` do.
    """
    whole = _form(stage, stage.graph, board, toolchain, goal, rows)
    streamed = _streamed(stage, board, goal)
    if streamed is None:
        return whole
    form = _form(stage, streamed.graph, board, toolchain, goal, rows, streamed)
    ring, item = stage.ring, stage.ring.item.nbytes
    least = _memory(whole) + ring.length * item
    if _memory(form) + ring.stride * item > MEMORY[goal.optimize] * least:
        return whole
    return form if board.chip is None or form.cycles < whole.cycles else whole


def _streamed(stage: Stage, board: Board, goal: Goal) -> Streamed | None:
    """The streaming form of a stage whose windows overlap, where it computes much less: of those that keep what the
    first layers make, and then more, the best by the goal's weight, multiply-accumulates standing for cycles."""
    if stage.ring.stride >= stage.ring.length:
        return None
    graph, ram = repair(stage.graph), board.chip.ram.size if board.chip else USUAL_RAM
    best, least = None, LESS
    for depth in range(1, len(graph.nodes) + 1):
        try:
            form = stream(graph, stage.ring.length, stage.ring.stride, depth)
        except Unsupported:
            continue
        kept = sum(s.read.nbytes for s in form.graph.states)
        cost = form.graph.macs / graph.macs + goal.weight * kept / ram
        if cost < least:
            best, least = form, cost
    return best


def _form(
    stage: Stage, graph: Graph, board: Board, toolchain: str, goal: Goal, rows: bool, streamed: Streamed | None = None
) -> Form:
    if board.chip is None:
        return Form(choose(prepare(graph), board.core.features), (), streamed)
    program = tuned(prepare(graph), board, goal, toolchain, rows)
    return Form(program, _measured(stage, program, board, toolchain), streamed)


def _memory(form: Form) -> int:
    """Bytes of arena and states."""
    memory = plan(form.program)
    return memory.arena + memory.kept_size


def _measured(stage: Stage, program: Program, board: Board, toolchain: str) -> tuple[LayerCost, ...]:
    """The program as a profile image: proved against the portable code, and measured on silence and on noise."""
    proved = compile_program(program, board, "stage", toolchain=toolchain)
    self_check(proved, toolchain)
    inputs = program.graph.inputs
    runs = [layers_of(proved, proved.measure(case)) for case in (zeros(inputs), lcg(inputs))]
    worst = [max(same, key=lambda layer: layer.cycles) for same in zip(*runs, strict=True)]
    return tuple(LayerCost(stage.name, x.name, x.op, x.kernel, x.macs, x.cycles) for x in worst)
