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
"""It must take at most this share of their multiply-accumulates: below that, calls cost more than is saved."""


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


def form_of(stage: Stage, board: Board, toolchain: str, goal: Goal = BALANCED) -> Form:
    """The form of a stage that takes fewer cycles, proved on the board; on the host, fewer multiply-accumulates.

    Raises:
        BuildFailed, BadInput, Unsupported: as `compile_program` and `self_check` do.
    """
    whole = _form(stage, stage.graph, board, toolchain, goal)
    streamed = _streamed(stage)
    if streamed is None:
        return whole
    form = _form(stage, streamed.graph, board, toolchain, goal, streamed)
    ring, item = stage.ring, stage.ring.item.nbytes
    least = _memory(whole) + ring.length * item
    if _memory(form) + ring.stride * item > MEMORY[goal.optimize] * least:
        return whole
    return form if board.chip is None or form.cycles < whole.cycles else whole


def _streamed(stage: Stage) -> Streamed | None:
    """The streaming form of a stage whose windows overlap, where it computes much less."""
    if stage.ring.stride >= stage.ring.length:
        return None
    try:
        found = stream(repair(stage.graph), stage.ring.length, stage.ring.stride)
    except Unsupported:
        return None
    return found if found.graph.macs <= LESS * found.whole.macs else None


def _form(
    stage: Stage, graph: Graph, board: Board, toolchain: str, goal: Goal, streamed: Streamed | None = None
) -> Form:
    if board.chip is None:
        return Form(choose(prepare(graph), board.core.features), (), streamed)
    program = tuned(prepare(graph), board, goal, toolchain)
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
