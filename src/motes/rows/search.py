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
NOISE = 0.03
"""Of a region's cycles: if that is all that bands gain, the estimates may be wrong, and nothing is counted on."""


@dataclass(frozen=True)
class Rule:
    """How much memory is worth how many cycles.

    Of all ways to run a program that take at most `most` more cycles, as estimated, the one whose share of the arena
    plus `worth` times its share of more cycles is smallest: at 10, a per cent of cycles must save ten of the arena.
    """

    worth: float = 10.0
    most: float = 0.015


BALANCED = Rule()


@dataclass(frozen=True, eq=False)
class _Choice:
    """Calls from one on as a region, or alone: the bytes that takes, and the cycles more."""

    end: int  # the call behind
    bytes: int
    extra: float
    region: Region | None = None


@dataclass(frozen=True)
class _Way:
    """Choices from the first call to the last: the bytes that are expected, and the share of cycles more."""

    choices: tuple[_Choice, ...]
    bytes: int
    extra: float


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

        Ways are planned in the order of what their bytes are expected to be, until no other can be better.

        Args:
            ram: bytes that the arena should come down to, for whatever cycles that takes, or as near as possible.
        """
        free = ram is None or self.arena <= ram
        enough = self.arena * (1 - GAIN)

        def merit(size: float, extra: float) -> tuple[int, float] | None:
            """The lower, the better: within the rule; the cheapest that come down to `ram`; the smallest."""
            if extra <= rule.most and (size <= enough if free else size <= (ram or 0)):
                return 0, size / self.arena + rule.worth * extra
            if free or size >= self.arena:
                return None
            return (1, extra) if size <= (ram or 0) else (2, size)

        expected = [(m, way) for way in self._ways() if (m := merit(way.bytes, way.extra))]
        found: tuple[tuple[int, float], Program] | None = None
        for hoped, way in sorted(expected, key=lambda each: each[0]):
            if found is not None and found[0] <= hoped:
                break
            fused = _fused(self.program, way.choices, self.features)
            true = merit(plan(fused).arena, way.extra) if fused is not None else None
            if fused is not None and true is not None and (found is None or true < found[0]):
                found = true, fused
        return found[1] if found is not None else self.program

    def _ways(self) -> list[_Way]:
        """What there is to choose from: for each number of bytes the cheapest."""
        limits = sorted({c.bytes for each in self._choices for c in each if c.bytes < self.arena})
        found: dict[tuple[_Choice, ...], _Way] = {}
        for choices in (_cheapest(self._choices, limit) for limit in limits):
            if choices is not None:
                extra = sum(c.extra for c in choices) / max(1.0, self._cycles)
                found[choices] = _Way(choices, max(c.bytes for c in choices), extra)
        return list(found.values())


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
                    found[first].append(_Choice(last + 1, size, _extra(made.cycles, alone), made))
    return found


def _extra(banded: float, alone: float) -> float:
    """Cycles that bands take more than the same calls alone; less than nothing where they are clearly faster."""
    return banded - alone if banded > alone else min(0.0, banded - (1 - NOISE) * alone)


def _alone(program: Program) -> frozenset[str]:
    """The functions of shared kernels that serve one call, but for those that are made for numbers anyway."""
    calls = [c for _, c, _ in program.walk() if isinstance(c, Call)]
    kernels = [c.kernel for c in calls if c.kernel.form == "shared" and c.kernel.constants is None]
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


def _cheapest(choices: Sequence[Sequence[_Choice]], limit: int) -> tuple[_Choice, ...] | None:
    """The choices from the first call to the last that cost the fewest cycles, none of more than `limit` bytes."""
    best: list[tuple[float, tuple[_Choice, ...]] | None] = [None] * len(choices) + [(0.0, ())]
    for i in reversed(range(len(choices))):
        for choice in choices[i]:
            rest = best[choice.end]
            if rest is None or choice.bytes > limit:
                continue
            here = best[i]
            if here is None or choice.extra + rest[0] < here[0]:
                best[i] = choice.extra + rest[0], (choice, *rest[1])
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
