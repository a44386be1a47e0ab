"""Which kernel serves each layer, by what kernels cost: measured on the virtual board, weighed, and kept.

Cycle counts on the virtual board are the same in every run, so there is nothing to guess: every kernel that fits a
layer is measured once, and a solver takes those that are best together, within the flash and the RAM that there is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from motes.build import cache
from motes.choose import choose, variants
from motes.errors import BadInput
from motes.ir import Graph, Kernel, Node
from motes.plan import plan
from motes.program import Call, Program
from motes.target import Board
from motes.tuning.goal import BALANCED, WEIGHTS, Goal
from motes.tuning.prints import fingerprint
from motes.tuning.solve import Cost, solve
from motes.tuning.table import Table, measured

__all__ = ["BALANCED", "WEIGHTS", "Cost", "Goal", "Table", "curve", "table_of", "tuned"]

CURVE = (0.0, *(0.01 * 1.6**i for i in range(24)), 1e6)
"""Weights of memory that `curve` tries."""

Options = Mapping[str, tuple[Kernel, ...]]


def tuned(graph: Graph, board: Board, goal: Goal, toolchain: str = "zig") -> Program:
    """The program of a graph that is best for the goal.

    Where no layer has a choice, nothing is measured.

    Args:
        graph: after `motes.passes.prepare`.

    Raises:
        DoesNotFit: nothing meets the budgets; the message says how much the least takes.
        BuildFailed, BadInput, Unsupported: as `compile_program` and `choose` do.
    """
    program = choose(graph, board.core.features)
    open_ = options_of(program, board)
    if not open_ and goal.flash is None and goal.ram is None:
        return program
    table = table_of(program, board, toolchain)
    names, _ = solve(table, goal, board, lambda picked: plan(_with(graph, board, program, picked)).arena)
    return _with(graph, board, program, names)


def curve(graph: Graph, board: Board, toolchain: str = "zig") -> tuple[Cost, ...]:
    """What the choices cost that are worth making, the fastest first: none is beaten in cycles, flash and RAM at once.

    Args:
        graph: after `motes.passes.prepare`.
    """
    program = choose(graph, board.core.features)
    table = table_of(program, board, toolchain)
    arena = lru_cache(lambda picked: plan(_with(graph, board, program, dict(picked))).arena)
    found = {
        solve(table, Goal(weight=weight), board, lambda picked: arena(tuple(sorted(picked.items()))))[1]
        for weight in CURVE
    }
    best = [c for c in found if not any(_beats(other, c) for other in found)]
    return tuple(sorted(best, key=lambda c: (c.cycles, c.flash)))


def _beats(one: Cost, other: Cost) -> bool:
    """Whether it takes no more of anything, and less of something."""
    return one != other and one.cycles <= other.cycles and one.flash <= other.flash and one.ram <= other.ram


def table_of(program: Program, board: Board, toolchain: str) -> Table:
    """What every kernel costs that may serve a layer of the program, from the cache where it was measured before."""
    key = cache.digest("costs of kernels", board.name, toolchain, fingerprint(program.graph, board))
    kept = cache.find(key)
    if kept is not None:
        return Table.from_json(json.loads(kept.read_bytes()))
    table = measured(program, options_of(program, board), board, toolchain)
    cache.keep(key, json.dumps(table.to_json()).encode())
    return table


def options_of(program: Program, board: Board) -> Options:
    """The layers for which several kernels will do, by name; first the one that the program has."""
    found = {}
    for name, call, _ in program.walk():
        if isinstance(call, Call) and not call.rounds:
            others = [k for k in variants(call.node, board.core.features) if k is not call.kernel]
            if others:
                found[name] = (call.kernel, *others)
    return found


def with_kernels(program: Program, board: Board, picked: Mapping[str, str] = MappingProxyType({})) -> Program:
    """The program with these kernels, by the names of layers and of functions."""
    return _with(program.graph, board, program, picked)


def _with(graph: Graph, board: Board, program: Program, picked: Mapping[str, str]) -> Program:
    picks: dict[Node, Kernel] = {}
    nodes = {name: call.node for name, call, _ in program.walk()}
    for name, kernels in options_of(program, board).items():
        kernel = next((k for k in kernels if k.function == picked.get(name, k.function)), None)
        if kernel is None:
            raise BadInput(f"{name}: no kernel {picked[name]} serves it on {board.name}")
        picks[nodes[name]] = kernel
    return choose(graph, board.core.features, picks)
