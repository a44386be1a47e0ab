"""The best kernels together: a mixed-integer program, solved by HiGHS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from motes.errors import DoesNotFit
from motes.target import Board
from motes.tuning.goal import MOST, SMALLEST, Goal
from motes.tuning.table import Table, Variant

ATTEMPTS = 12
"""Plans that are tried: what the arena takes is known for certain only when it is planned."""


Picked = dict[str, Variant]
"""What serves each layer, by its name, or by that of a pair."""


@dataclass(frozen=True)
class Cost:
    """What a choice takes: cycles, bytes of flash and of RAM."""

    cycles: int
    flash: int
    ram: int


def solve(
    guesses: Sequence[Table], goal: Goal, board: Board, arena: Callable[[Mapping[str, str]], int]
) -> tuple[dict[str, str], Cost]:
    """The kernel of each layer, but of those that a pair stands for, and what they take: the best of what is found by
    any of the guesses, and where moments do not count.

    Args:
        guesses: one table, with moments as they may be.
        arena: the bytes that the plan of a choice takes.

    Raises:
        DoesNotFit: nothing meets the budgets.
    """
    assert board.chip is not None
    table = guesses[0]
    smallest = _solve(table, SMALLEST, board, 1 << 40, 1 << 40)
    assert smallest is not None
    most = MOST * _cost(table, smallest, 0).flash
    flash = min(goal.flash or most, board.chip.flash.size)
    ram = min(goal.ram or board.chip.ram.size, board.chip.ram.size)
    room = ram - table.ram
    known: dict[frozenset[tuple[str, Variant]], Cost] = {}

    def cost_of(picked: Picked) -> Cost:
        """With the arena as it is planned."""
        key = frozenset(picked.items())
        if key not in known:
            known[key] = _cost(table, picked, arena({name: v.kernel for name, v in picked.items()}))
        return known[key]

    def sum_of(picked: Picked) -> float:
        """The sum of shares: the lower, the better; none is, if it exceeds the budgets."""
        cost = cost_of(picked)
        return merit(cost, table, goal.weight, board) if cost.flash <= flash and cost.ram <= ram else float("inf")

    tried = [_within(t, goal.weight, board, flash, room, cost_of) for t in (*guesses, _weightless(table))]
    found = [picked for picked in tried if picked is not None]
    if found:
        best = min(found, key=sum_of)
        best = min((best, *_with_another_pair(table, best)), key=sum_of)
        return {name: v.kernel for name, v in best.items()}, cost_of(best)
    raise DoesNotFit(
        f"no choice of kernels fits {flash:,} bytes of flash and {ram:,} bytes of RAM on {board.name}: use a larger "
        "board, or a smaller model"
    )


def _with_another_pair(table: Table, picked: Picked) -> Iterator[Picked]:
    """The same, but for two layers that are a pair: how much smaller the arena is then shows when it is planned."""
    for pair, parts in table.pairs.items():
        if all(part in picked for part in parts):
            yield {name: v for name, v in picked.items() if name not in parts} | {pair: table.layers[pair][0]}


def _within(
    table: Table, weight: float, board: Board, flash: int, room: int, cost_of: Callable[[Picked], Cost]
) -> Picked | None:
    """The best choice as far as moments tell whose arena takes at most `room` bytes; None: none was found."""
    most = room
    for _ in range(ATTEMPTS):
        picked = _solve(table, weight, board, flash, most)
        if picked is None or cost_of(picked).ram - table.ram <= room:
            return picked
        most = min(most, max((v.moment for v in picked.values()), default=0)) - 1
    return None


def _weightless(table: Table) -> Table:
    """The table without moments: what layers need by themselves says only roughly what the arena takes."""
    return replace(table, layers={name: tuple(replace(v, moment=0) for v in f) for name, f in table.layers.items()})


def merit(cost: Cost, table: Table, weight: float, board: Board) -> float:
    """The sum of shares: the lower, the better."""
    assert board.chip is not None
    return cost.cycles / _reference(table) + weight * (
        cost.flash / board.chip.flash.size + cost.ram / board.chip.ram.size
    )


def _reference(table: Table) -> int:
    """Cycles of the default kernels."""
    return max(1, table.cycles + sum(found[0].cycles for found in table.single.values()))


def _cost(table: Table, picked: Picked, arena: int) -> Cost:
    functions = {f for v in picked.values() for f in v.functions}
    return Cost(
        table.cycles + sum(v.cycles for v in picked.values()),
        table.flash + sum(v.data for v in picked.values()) + sum(table.code[f] for f in functions),
        table.ram + arena,
    )


def _solve(table: Table, weight: float, board: Board, flash: int, room: int) -> Picked | None:
    """The choice with the lowest sum of shares, None where there is none.

    Args:
        room: bytes of the arena that may be in use while any layer runs.
    """
    import highspy  # loads slowly, and most graphs have nothing to choose

    class Silent(highspy.Highs):
        """Prints nothing: since 1.16 the constructor enables callbacks, and what it calls first prints a line."""

        def enableCallbacks(self) -> None:
            self.silent()
            super().enableCallbacks()  # type: ignore[no-untyped-call]

    assert board.chip is not None
    cycles = _reference(table)
    byte, ram_byte = weight / board.chip.flash.size, weight / board.chip.ram.size
    solver = Silent()  # type: ignore[no-untyped-call]
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
