"""Which kernel serves each layer, by what kernels cost: measured on the virtual board, weighed, and kept.

Cycle counts on the virtual board are the same in every run, so there is nothing to guess: every kernel that fits a
layer is measured once, and a solver takes those that are best together, within the flash and the RAM that there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from motes.build import cache
from motes.choose import choose, variants
from motes.errors import BadInput, DoesNotFit
from motes.ir import Graph, Kernel, Node
from motes.pairs import joined, pairs_of
from motes.plan import plan
from motes.program import Block, Call, Program
from motes.rows import Rows, Rule
from motes.target import Board
from motes.tuning.goal import BALANCED, WEIGHTS, Goal
from motes.tuning.prints import fingerprint
from motes.tuning.solve import Cost, solve
from motes.tuning.table import Table, measured

__all__ = ["BALANCED", "WEIGHTS", "Cost", "Goal", "Table", "choices", "table_of", "tuned", "unbeaten"]

CURVE = (0.0, *(0.01 * 1.6**i for i in range(24)), *WEIGHTS.values(), 1e6)
"""Weights of memory that `choices` tries; builds have some of them."""

STACK = 256
"""Bytes of stack that layers may take more where they run row by row: loops, and parameters put together in rounds."""

Options = Mapping[str, tuple[Kernel, ...]]


def tuned(graph: Graph, board: Board, goal: Goal, toolchain: str = "zig", rows: bool = True) -> Program:
    """The program of a graph that is best for the goal.

    Where no layer has a choice, nothing is measured.

    Args:
        graph: after `motes.passes.prepare`.
        rows: layers may run row by row.

    Raises:
        DoesNotFit: nothing meets the budgets; the message says how much the least takes.
        BuildFailed, BadInput, Unsupported: as `compile_program` and `choose` do.
    """
    program = choose(graph, board.core.features)
    ways = _Ways(program, board, rows)
    free = goal.flash is None and goal.ram is None
    if not ways.options and free:
        return ways.best({}, goal)
    try:
        return _best(ways, goal, toolchain)
    except DoesNotFit:
        if not free:
            raise
        return ways.best({}, goal)  # whoever compiles it can say what takes the room


def _best(ways: _Ways, goal: Goal, toolchain: str) -> Program:
    """The best of all ways; which kernels those are comes from the cache where it was found before."""
    table = table_of(ways.program, ways.board, toolchain)
    room = None if goal.ram is None else goal.ram - table.ram - STACK
    key = _key("choice of kernels", ways.program, ways.board, toolchain, repr(goal), repr(ways.rows))
    kept = cache.find(key)
    if kept is not None:
        return ways.best(json.loads(kept.read_bytes()), goal, room)
    guesses = ways.guesses(table, goal, room)
    names, _ = solve(guesses, goal, ways.board, lambda picked: _taken(ways.best(picked, goal, room)))
    cache.keep(key, json.dumps(names).encode())
    return ways.best(names, goal, room)


def _taken(program: Program) -> int:
    """Bytes of the arena, and of stack beyond that of the same layers whole."""
    return plan(program).arena + (STACK if any(isinstance(call, Block) for call in program.calls) else 0)


def choices(graph: Graph, board: Board, toolchain: str = "zig") -> tuple[Program, ...]:
    """The programs that are best for one weight of memory or another, each once: what is worth building.

    Args:
        graph: after `motes.passes.prepare`.
    """
    ways = _Ways(choose(graph, board.core.features), board)
    table = table_of(ways.program, board, toolchain)
    guesses = ways.guesses(table, BALANCED, None)
    found: dict[tuple[Cost, str], Program] = {}
    for goal in (Goal(weight=weight) for weight in CURVE):
        names, cost = solve(guesses, goal, board, lambda picked: _taken(ways.best(picked, goal)))  # noqa: B023
        found.setdefault((cost, json.dumps(names, sort_keys=True)), ways.best(names, goal))
    return tuple(found.values())


def unbeaten(costs: Iterable[Cost]) -> tuple[Cost, ...]:
    """Those that none of the others beats in cycles, flash and RAM at once, the fastest first."""
    found = set(costs)
    best = [c for c in found if not any(_beats(other, c) for other in found)]
    return tuple(sorted(best, key=lambda c: (c.cycles, c.flash)))


class _Ways:
    """The programs that kernels picked for a program make, row by row or not."""

    def __init__(self, program: Program, board: Board, rows: bool = True) -> None:
        self.program, self.board, self.rows = program, board, rows
        self.options, self.pairs = options_of(program, board), pairs_of(program, board.core.features)
        self._known: dict[tuple[tuple[str, str], ...], Rows] = {}

    def best(self, picked: Mapping[str, str], goal: Goal, ram: int | None = None) -> Program:
        """The program with these kernels that is best for the goal; `ram`: bytes that its arena should come down to."""
        program = self._with(picked)
        if not self.rows:
            return program
        key = tuple(sorted(picked.items()))
        if key not in self._known:
            self._known[key] = Rows(program, self.board.core.features)
        return self._known[key].best(Rule(20 / max(goal.weight, 0.01), 0.0075 * goal.weight), ram)

    def guesses(self, table: Table, goal: Goal, ram: int | None) -> tuple[Table, ...]:
        """The table with moments as they may be where layers run row by row: nobody can tell before all is planned.

        Pairs do not. Where `ram` is asked for, the others are not above the arena that is taken if all layers have the
        kernel in question, or their last. Else they must compare: not above an arena, and what a kernel needs beyond
        the one of its layer that needs least. The arena is that with the first kernels, or with those that need least.
        """
        if not self.rows:
            return (table,)
        single = table.single
        if ram is not None:
            most = max(map(len, single.values()), default=0)
            picks = [{n: found[min(k, len(found) - 1)].kernel for n, found in single.items()} for k in range(most)]
            arenas = [self._taken(picked, goal, ram) for picked in picks]
            return (_bounded(table, {n: arenas for n in single}),)
        least = {n: min(found, key=lambda v: v.moment) for n, found in single.items()}
        firsts = {n: found[0] for n, found in single.items()}
        arenas = [self._taken({n: v.kernel for n, v in picked.items()}, goal, ram) for picked in (firsts, least)]
        return tuple(
            _bounded(table, {n: [arena + v.moment - least[n].moment for v in found] for n, found in single.items()})
            for arena in dict.fromkeys(arenas)
        )

    def _taken(self, picked: Mapping[str, str], goal: Goal, ram: int | None) -> int:
        return _taken(self.best(picked, goal, ram))

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


def _bounded(table: Table, most: Mapping[str, Sequence[int]]) -> Table:
    """The table with moments of layers that are not above these."""
    bounded = {
        name: tuple(replace(v, moment=min(v.moment, m)) for v, m in zip(table.layers[name], bounds, strict=False))
        for name, bounds in most.items()
    }
    return replace(table, layers={**table.layers, **bounded})


def _beats(one: Cost, other: Cost) -> bool:
    """Whether it takes no more of anything, and less of something."""
    return one != other and one.cycles <= other.cycles and one.flash <= other.flash and one.ram <= other.ram


def table_of(program: Program, board: Board, toolchain: str) -> Table:
    """What every kernel costs that may serve a layer of the program, from the cache where it was measured before."""
    key = _key("costs of kernels", program, board, toolchain)
    kept = cache.find(key)
    if kept is not None:
        return Table.from_json(json.loads(kept.read_bytes()))
    pairs = pairs_of(program, board.core.features)
    table = measured(program, options_of(program, board), board, toolchain, pairs)
    cache.keep(key, json.dumps(table.to_json()).encode())
    return table


def _key(what: str, program: Program, board: Board, toolchain: str, *more: str) -> str:
    """The name of what is kept about a program."""
    return cache.digest(what, board.name, toolchain, fingerprint(program.graph, board), *more)


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
