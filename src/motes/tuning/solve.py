"""The best kernels together: a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from motes.errors import DoesNotFit
from motes.target import Board
from motes.tuning.goal import MOST, Goal
from motes.tuning.table import Table, Variant

ATTEMPTS = 12
"""Plans that are tried: what the arena takes is known for certain only when it is planned."""


@dataclass(frozen=True)
class Cost:
    """What a choice takes: cycles, bytes of flash, and of RAM as far as single layers need it."""

    cycles: int
    flash: int
    ram: int


def solve(
    table: Table, goal: Goal, board: Board, arena: Callable[[Mapping[str, str]], int]
) -> tuple[dict[str, str], Cost]:
    """The kernel of each layer, but of those that a pair stands for, and what they take.

    Args:
        arena: the bytes that the plan of a choice takes.

    Raises:
        DoesNotFit: nothing meets the budgets; the message says how much the least takes.
    """
    assert board.chip is not None
    smallest = _solve(table, 1e9, board, 1 << 40, 1 << 40)
    assert smallest is not None
    most = MOST * _cost(table, smallest, 0).flash
    flash = min(goal.flash or most, board.chip.flash.size)
    ram = min(goal.ram or board.chip.ram.size, board.chip.ram.size)
    room = ram - table.ram
    for _ in range(ATTEMPTS):
        picked = _solve(table, goal.weight, board, flash, room)
        if picked is None:
            break
        names = {name: v.kernel for name, v in picked.items()}
        planned = arena(names)
        if planned <= ram - table.ram:
            return names, _cost(table, picked, planned)
        room = min(room, max(v.moment for v in picked.values())) - 1
    cost = _cost(table, smallest, arena({name: v.kernel for name, v in smallest.items()}))
    allowed = min(flash, goal.flash or flash)
    raise DoesNotFit(
        f"no choice of kernels fits {allowed:,} bytes of flash and {ram:,} bytes of RAM on {board.name}; the smallest "
        f"takes {cost.flash:,} and {cost.ram:,}: allow more, or use a smaller model"
    )


def _cost(table: Table, picked: Mapping[str, Variant], arena: int) -> Cost:
    functions = {f for v in picked.values() for f in v.functions}
    return Cost(
        table.cycles + sum(v.cycles for v in picked.values()),
        table.flash + sum(v.data for v in picked.values()) + sum(table.code[f] for f in functions),
        table.ram + arena,
    )


def _solve(table: Table, weight: float, board: Board, flash: int, room: int) -> dict[str, Variant] | None:
    """The choice with the lowest sum of shares, None where there is none.

    Args:
        room: bytes of the arena that may be in use while any layer runs.
    """
    import highspy  # loads slowly, and most graphs have nothing to choose

    assert board.chip is not None
    cycles = max(1, table.cycles + sum(found[0].cycles for found in table.single.values()))
    byte, ram_byte = weight / board.chip.flash.size, weight / board.chip.ram.size
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("mip_rel_gap", 0.0)
    peak = solver.addVariable(lb=0, ub=max(0, room), obj=ram_byte)
    used = {f: solver.addBinary(obj=size * byte) for f, size in table.code.items()}
    chosen = {}
    for name, found in table.layers.items():
        mine = [solver.addBinary(obj=v.cycles / cycles + v.data * byte) for v in found]
        solver.addConstr(sum(v.moment * x for v, x in zip(found, mine, strict=True)) <= peak)
        for v, x in zip(found, mine, strict=True):
            for function in v.functions:
                solver.addConstr(x <= used[function])
        chosen[name] = mine
    for name in table.single:
        instead = [x for pair, parts in table.pairs.items() if name in parts for x in chosen[pair]]
        solver.addConstr(sum(chosen[name]) + sum(instead) == 1)
    spent = sum(table.code[f] * y for f, y in used.items())
    spent += sum(v.data * x for name, found in table.layers.items() for v, x in zip(found, chosen[name], strict=True))
    if table.layers:
        solver.addConstr(spent <= flash - table.flash)
    elif table.flash > flash:
        return None
    solver.minimize()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None
    return {
        name: v
        for name, found in table.layers.items()
        for v, x in zip(found, chosen[name], strict=True)
        if solver.val(x) > 0.5
    }
