"""Budgets: the best way whose image takes no more flash and RAM than is allowed, as it is linked.

What the parts take says what an image takes to within some hundred bytes, more often too much than too little. So ways
are found with budgets as they are and with wider ones, and where those do not fit, with memory weighed more. They are
linked in this order, those of a weight in the order of what they promise, and the first that fits is taken.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import replace

from motes.emit import prefix_for
from motes.errors import DoesNotFit
from motes.proving import compile_program
from motes.tuning.goal import SMALLEST, WEIGHTS, Goal
from motes.tuning.solve import merit
from motes.tuning.table import Table
from motes.tuning.ways import STACK, Way, Ways

WIDER, MORE = 1.02, 512
"""A wider budget: by this factor, and so many bytes."""


def within(ways: Ways, table: Table, goal: Goal, toolchain: str) -> Way:
    """The best way whose image keeps the goal's budgets.

    Raises:
        DoesNotFit: none does; the message says how much the smallest takes.
    """
    graph, board = ways.program.graph, ways.board
    sizes: list[tuple[int, int]] = []
    refused: DoesNotFit | None = None
    for way in _ways(ways, table, goal):
        try:
            image = compile_program(ways.made(way), board, prefix_for(graph.name), toolchain=toolchain).image
        except DoesNotFit as error:
            refused = error
            continue
        if not goal.exceeded_by(image):
            return way
        sizes.append((image.flash.total, image.ram.total))
    if not sizes:
        assert refused is not None
        raise refused
    flash, ram = (min(each) for each in zip(*sizes, strict=True))
    allowed = [(goal.flash, flash, "flash"), (goal.ram, ram, "RAM")]
    asked_for = " and ".join(f"{most:,} bytes of {what}" for most, _, what in allowed if most is not None)
    least = " and ".join(f"{size:,} of {what}" for most, size, what in allowed if most is not None)
    raise DoesNotFit(
        f"no choice of kernels fits {asked_for} on {board.name}; the least that was found is {least}: allow more, or "
        "use a smaller model"
    )


def _ways(ways: Ways, table: Table, goal: Goal) -> Iterator[Way]:
    """What to try, the best first."""
    wider = replace(
        goal,
        flash=None if goal.flash is None else math.ceil(goal.flash * WIDER) + MORE,
        ram=None if goal.ram is None else goal.ram + STACK,
    )
    for weight in (goal.weight, *sorted(w for w in (*WEIGHTS.values(), SMALLEST) if w > goal.weight)):
        found: list[tuple[float, Way]] = []
        for budgets in (goal, wider):
            with contextlib.suppress(DoesNotFit):
                way, cost = ways.best(table, replace(budgets, weight=weight))
                found.append((merit(cost, table, weight, ways.board), way))
        yield from (way for _, way in sorted(found, key=lambda each: each[0]))
    yield ways.best(table, Goal(weight=SMALLEST))[0]
