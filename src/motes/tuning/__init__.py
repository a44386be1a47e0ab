"""Which kernel serves each layer, by what kernels cost: measured on the virtual board, weighed, and kept.

Cycle counts on the virtual board are the same in every run, so there is nothing to guess: every kernel that fits a
layer is measured once, and a solver takes those that are best together, within the flash and the RAM that there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from motes.build import cache
from motes.choose import choose
from motes.errors import DoesNotFit
from motes.ir import Graph
from motes.pairs import pairs_of
from motes.program import Program
from motes.target import Board
from motes.tuning.budgets import within
from motes.tuning.goal import BALANCED, WEIGHTS, Goal
from motes.tuning.prints import fingerprint
from motes.tuning.solve import Cost
from motes.tuning.table import Table, measured
from motes.tuning.ways import Way, Ways, options_of

__all__ = ["BALANCED", "WEIGHTS", "Cost", "Goal", "Table", "choices", "options_of", "table_of", "tuned", "unbeaten"]

CURVE = (0.0, *(0.01 * 1.6**i for i in range(24)), *WEIGHTS.values(), 1e6)
"""Weights of memory that `choices` tries; builds have some of them."""


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
    ways = Ways(program, board, rows)
    plain = Way({}, goal.weight)
    if not ways.options and not goal.bounded:
        return ways.made(plain)
    try:
        return _best(ways, goal, toolchain)
    except DoesNotFit:
        if goal.bounded:
            raise
        return ways.made(plain)  # whoever compiles it can say what takes the room


def _best(ways: Ways, goal: Goal, toolchain: str) -> Program:
    """The best of all ways; which that is comes from the cache where it was found before."""
    table = table_of(ways.program, ways.board, toolchain)
    key = _key("choice of kernels", ways.program, ways.board, toolchain, repr(goal), repr(ways.rows))
    kept = cache.find(key)
    if kept is not None:
        return ways.made(Way(**json.loads(kept.read_bytes())))
    way = within(ways, table, goal, toolchain) if goal.bounded else ways.best(table, goal)[0]
    cache.keep(key, json.dumps(vars(way)).encode())
    return ways.made(way)


def choices(graph: Graph, board: Board, toolchain: str = "zig") -> tuple[Program, ...]:
    """The programs that are best for one weight of memory or another, each once: what is worth building.

    Args:
        graph: after `motes.passes.prepare`.
    """
    ways = Ways(choose(graph, board.core.features), board)
    table = table_of(ways.program, board, toolchain)
    guesses = ways.guesses(table, BALANCED.weight, None)
    found: dict[tuple[Cost, str], Program] = {}
    for weight in CURVE:
        way, cost = ways.best(table, Goal(weight=weight), guesses)
        known = cost, json.dumps(way.kernels, sort_keys=True)
        if known not in found:
            found[known] = ways.made(way)
    return tuple(found.values())


def unbeaten(costs: Iterable[Cost]) -> tuple[Cost, ...]:
    """Those that none of the others beats in cycles, flash and RAM at once, the fastest first."""
    found = set(costs)
    best = [c for c in found if not any(_beats(other, c) for other in found)]
    return tuple(sorted(best, key=lambda c: (c.cycles, c.flash)))


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
