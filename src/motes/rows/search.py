"""Which calls of a program to run row by row: as many as the memory asks for, at the least cost in cycles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from motes.ir import Tensor
from motes.plan import heaviness, plan, round_up
from motes.program import Call, Program
from motes.rows.region import Kernels, Region, block_of, cycles, regions

HEIGHTS = (1, 2, 4, 8)
"""Rows of a region's last output that are tried a round."""
LONGEST = 8
"""Calls of a region."""
GAIN = 0.1
"""Of the arena: less is not worth another way of running."""


@dataclass(frozen=True)
class Rule:
    """How much memory is worth how many cycles.

    Of all ways to run a program that take at most `most` more cycles, as estimated, the one whose share of the arena
    plus `worth` times its share of more cycles is smallest: at 10, a per cent of cycles must save ten of the arena.
    """

    worth: float = 10.0
    most: float = 0.015


BALANCED = Rule()


@dataclass(frozen=True)
class _Choice:
    """Calls from one on as a region, or alone: the bytes that takes, and the cycles more."""

    end: int  # the call behind
    bytes: int
    extra: float
    region: Region | None = None


class Rows:
    """The ways to run a program row by row.

    Args:
        features: of the core that kernels are chosen for.
    """

    def __init__(self, program: Program, features: Set[str] = frozenset()) -> None:
        self.program, self.features = program, features
        self.arena = plan(program).arena
        self._cycles = sum(cycles(call) for call in program.calls if isinstance(call, Call))
        self._choices = _choices(program, Kernels(features, _alone(program)))

    def best(self, rule: Rule = BALANCED, ram: int | None = None) -> Program:
        """The program with runs of its calls as blocks that go row by row, where that saves a tenth of the arena.

        Args:
            ram: bytes that the arena should come down to, for whatever cycles that takes, or as near as possible.
        """
        smallest = self.arena, self.program
        enough = self.arena * (1 - GAIN) if ram is None or self.arena <= ram else float(ram)
        for found in self._in_order(rule, ram):
            fused = _fused(self.program, found, self.features)
            arena = plan(fused).arena if fused is not None else self.arena
            if fused is not None and arena <= enough:
                return fused
            if fused is not None and arena < smallest[0]:
                smallest = arena, fused
        return self.program if ram is None or self.arena <= ram else smallest[1]

    def _in_order(self, rule: Rule, ram: int | None) -> list[list[_Choice]]:
        """What there is to choose from, best first: within the rule; then the cheapest that come down to `ram`; then
        the smallest."""
        found: list[tuple[int, float, int, list[_Choice]]] = []
        for limit in sorted({c.bytes for each in self._choices for c in each if c.bytes < self.arena}):
            cheapest = _cheapest(self._choices, limit)
            if cheapest is None:
                continue
            extra = sum(c.extra for c in cheapest) / max(1.0, self._cycles)
            if (ram is None or limit <= ram) and extra <= rule.most:
                found.append((0, limit / self.arena + rule.worth * extra, limit, cheapest))
            elif ram is not None and ram < self.arena:
                found.append((1, extra, limit, cheapest) if limit <= ram else (2, float(limit), limit, cheapest))
        return [cheapest for *_, cheapest in sorted(found, key=lambda each: each[:3])]


def _choices(program: Program, kernels: Kernels) -> list[list[_Choice]]:
    """For each call, what can begin with it: the call alone, or a region around a call that is heavy by itself."""
    heavy = heaviness(program)
    least = max(heavy) / 2
    found = [[_Choice(i + 1, heavy[i], 0.0)] for i in range(len(program.calls))]
    for first in range(len(program.calls)):
        for last in range(first, min(first + LONGEST, len(program.calls))):
            if max(heavy[first : last + 1]) <= least:
                continue
            alone = sum(cycles(c) for c in program.calls[first : last + 1] if isinstance(c, Call))
            shape = program.calls[last].node.outputs[0].shape
            for height in (h for h in HEIGHTS if len(shape) == 4 and h < shape[1]):
                both = [(_bytes(program, r), r.ahead, r) for r in regions(program, first, last, height, kernels)]
                for size, _, made in sorted(both, key=lambda each: each[:2])[:1]:
                    found[first].append(_Choice(last + 1, size, made.cycles - alone, made))
    return found


def _alone(program: Program) -> frozenset[str]:
    """The functions of shared kernels that serve one call."""
    kernels = [c.kernel for _, c, _ in program.walk() if isinstance(c, Call) and c.kernel.form == "shared"]
    return frozenset(name for name, uses in Counter(k.function for k in kernels).items() if uses == 1)


def _bytes(program: Program, made: Region) -> int:
    """Bytes of the arena while a region runs: what it reads and makes, what others keep, its buffers and scratch."""
    graph = program.graph
    inside = {t for call in made.calls for t in (*call.node.inputs, *call.node.outputs) if t is not None}
    later = {t for call in program.calls[made.last + 1 :] for t in call.node.inputs}
    later |= {*graph.outputs, *(s.write for s in graph.states)}
    kept = {s.read for s in graph.states}
    before = {*graph.inputs, *(t for call in program.calls[: made.first] for t in call.node.outputs)}
    through = sum(round_up(t.nbytes) for t in before & later - inside - kept if t is not None)
    ends = [
        t for t in (*dict.fromkeys(p.tensor for p in made.layout.located.values()),) if t in inside and t not in kept
    ]
    alone = sum(round_up(t.nbytes) for t in (*ends, *made.layout.buffers)) + through + made.temporary
    saved: dict[Tensor, int] = {}
    for a, b, distance in made.layout.overlaps:
        if a in ends and b in ends and b not in later:
            saved[a] = max(saved.get(a, 0), a.nbytes + b.nbytes - max(a.nbytes, b.nbytes + distance))
    return alone - sum(saved.values())


def _cheapest(choices: Sequence[Sequence[_Choice]], limit: int) -> list[_Choice] | None:
    """The choices from the first call to the last that cost the fewest cycles, none of more than `limit` bytes."""
    best: list[tuple[float, list[_Choice]] | None] = [None] * len(choices) + [(0.0, [])]
    for i in reversed(range(len(choices))):
        for choice in choices[i]:
            rest = best[choice.end]
            if rest is None or choice.bytes > limit:
                continue
            here = best[i]
            if here is None or choice.extra + rest[0] < here[0]:
                best[i] = choice.extra + rest[0], [choice, *rest[1]]
    return best[0][1] if best[0] else None


def _fused(program: Program, found: Sequence[_Choice], features: Set[str]) -> Program | None:
    """The program with these regions as blocks; None where one has no kernels."""
    taken = {name for name, _, _ in program.walk()}
    calls = list(program.calls)
    for choice in reversed(found):
        if choice.region is None:
            continue
        base = name = f"{choice.region.calls[0].node.name}_rows"
        serial = 1
        while name in taken:
            serial += 1
            name = f"{base}_{serial}"
        taken.add(name)
        block = block_of(choice.region, name, features)
        if block is None:
            return None
        calls[choice.region.first : choice.region.last + 1] = [block]
    return replace(program, calls=tuple(calls))
