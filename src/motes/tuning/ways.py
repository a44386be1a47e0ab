"""The ways to make a program: kernels picked for its layers, pairs of layers, and rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from motes.choose import choose, variants
from motes.errors import BadInput
from motes.ir import Kernel, Node
from motes.pairs import joined, pairs_of
from motes.plan import plan
from motes.program import Block, Call, Program
from motes.rows import Rows, Rule
from motes.target import Board
from motes.tuning.goal import Goal
from motes.tuning.solve import Cost, solve
from motes.tuning.table import Table

STACK = 256
"""Bytes of stack that layers may take more where they run row by row: loops, and parameters put together in rounds."""

Options = Mapping[str, tuple[Kernel, ...]]


@dataclass(frozen=True)
class Way:
    """Kernels by the names of layers and pairs, and how rows are planned with them: what memory weighs, and the bytes
    that the arena should come down to."""

    kernels: Mapping[str, str]
    weight: float
    room: int | None = None


class Ways:
    """The programs that kernels picked for a program make, row by row or not."""

    def __init__(self, program: Program, board: Board, rows: bool = True) -> None:
        self.program, self.board, self.rows = program, board, rows
        self.options, self.pairs = options_of(program, board), pairs_of(program, board.core.features)
        self._known: dict[tuple[tuple[str, str], ...], Rows] = {}

    def made(self, way: Way) -> Program:
        """The best program of a way."""
        program = self._with(way.kernels)
        if not self.rows:
            return program
        key = tuple(sorted(way.kernels.items()))
        if key not in self._known:
            self._known[key] = Rows(program, self.board.core.features)
        return self._known[key].best(Rule(20 / max(way.weight, 0.01), 0.0075 * way.weight), way.room)

    def best(self, table: Table, goal: Goal, guesses: Sequence[Table] = ()) -> tuple[Way, Cost]:
        """The way that is best as far as the table tells, and what it takes.

        Args:
            guesses: see `guesses`, which makes them where none are given.

        Raises:
            DoesNotFit: nothing meets the budgets.
        """
        room = None if goal.ram is None else goal.ram - table.ram - STACK
        found = guesses or self.guesses(table, goal.weight, room)
        kernels, cost = solve(found, goal, self.board, lambda picked: self._taken(Way(picked, goal.weight, room)))
        return Way(kernels, goal.weight, room), cost

    def guesses(self, table: Table, weight: float, room: int | None) -> tuple[Table, ...]:
        """The table with moments as they may be where layers run row by row: nobody can tell before all is planned.

        Pairs do not. Where the arena should come down to some `room`, the others are not above the arena that is taken
        if all layers have the kernel in question, or their last. Else they must compare: not above an arena, and what a
        kernel needs beyond the one of its layer that needs least. The arena is that with the first kernels, or with
        those that need least.
        """
        if not self.rows:
            return (table,)
        single = table.single
        if room is not None:
            most = max(map(len, single.values()), default=0)
            picks = [{n: found[min(k, len(found) - 1)].kernel for n, found in single.items()} for k in range(most)]
            arenas = [self._taken(Way(picked, weight, room)) for picked in picks]
            return (_bounded(table, {n: arenas for n in single}),)
        least = {n: min(found, key=lambda v: v.moment) for n, found in single.items()}
        firsts = {n: found[0] for n, found in single.items()}
        arenas = [self._taken(Way({n: v.kernel for n, v in picked.items()}, weight)) for picked in (firsts, least)]
        return tuple(
            _bounded(table, {n: [arena + v.moment - least[n].moment for v in found] for n, found in single.items()})
            for arena in dict.fromkeys(arenas)
        )

    def _taken(self, way: Way) -> int:
        """Bytes of the arena, and of stack beyond that of the same layers whole."""
        program = self.made(way)
        return plan(program).arena + (STACK if any(isinstance(call, Block) for call in program.calls) else 0)

    def _with(self, picked: Mapping[str, str]) -> Program:
        """The program with these kernels, by the names of layers and of functions; pairs stand for their layers."""
        picks: dict[Node, Kernel] = {}
        nodes = {name: call.node for name, call, _ in self.program.walk()}
        for name, kernels in self.options.items():
            kernel = next((k for k in kernels if k.function == picked.get(name, k.function)), None)
            if kernel is None:
                raise BadInput(f"{name}: no kernel {picked[name]} serves it on {self.board.name}")
            picks[nodes[name]] = kernel
        chosen = choose(self.program.graph, self.board.core.features, picks)
        return joined(chosen, [pair for name, pair in self.pairs.items() if name in picked])


def options_of(program: Program, board: Board) -> Options:
    """The layers for which several kernels will do, or that may be part of a pair, by name; first the kernel that the
    program has."""
    pairs = pairs_of(program, board.core.features).values()
    parts = {part for pair in pairs for part in pair.parts}
    found = {}
    for name, call, _ in program.walk():
        if isinstance(call, Call) and not call.rounds:
            others = [k for k in variants(call.node, board.core.features) if k is not call.kernel]
            if others or name in parts:
                found[name] = (call.kernel, *others)
    return found


def _bounded(table: Table, most: Mapping[str, Sequence[int]]) -> Table:
    """The table with moments of layers that are not above these."""
    bounded = {
        name: tuple(replace(v, moment=min(v.moment, m)) for v, m in zip(table.layers[name], bounds, strict=False))
        for name, bounds in most.items()
    }
    return replace(table, layers={**table.layers, **bounded})
