"""Where everything lies in memory: lifetimes, what may share an address, offsets.

Two things may overlap unless they are alive at one moment. A moment is a set of things alive together, so the list of
all moments says everything: two things conflict when they share a moment, and no plan can be smaller than the heaviest
moment. A plan that reaches that bound is proven best.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from motes.errors import BadInput
from motes.ir import ALIGN, Place, State, Tensor
from motes.program import Block, Call, Program

ORDERS = 300
"""Random orders of placement tried where no simple one reaches the bound."""
VISITS = 4_000_000
"""Pairs of blocks looked at before the best order found so far is kept: a few seconds of work."""
MOMENTS = 1 << 18
"""Moments listed at most: those of stages multiply."""

Moment: TypeAlias = frozenset[int]


@dataclass(frozen=True)
class Life:
    """One block of the arena: the input, or the node whose result it holds; where it lies, and between which calls.

    Times count calls from 0; -1 is before the first, the number of calls is after the last.
    """

    name: str
    program: str
    offset: int
    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """Offsets in bytes: `offsets` and `scratch` into the arena, `kept` into the memory of states.

    What a block runs is planned by itself, and lies in the block's scratch; `same` are the tensors that lie where
    another tensor does: in bodies, and parts of states.
    """

    offsets: dict[Tensor, int]
    scratch: dict[Call | Block, int]
    kept: dict[Tensor, int]
    arena: int
    kept_size: int
    bound: int
    """Bytes that no plan of these programs can go below, blocks being given what they take."""
    lives: tuple[Life, ...]
    same: dict[Tensor, Place] = field(default_factory=dict)

    @property
    def proven(self) -> bool:
        """Whether no smaller arena exists for these programs and in-place choices."""
        return self.arena == self.bound


def round_up(size: int, align: int = ALIGN) -> int:
    """`size` rounded up to a multiple of `align`."""
    return -(-size // align) * align


def plan(*programs: Program) -> Plan:
    """Memory for programs that share one arena; between two calls of a program, every *earlier* one given may run.

    Args:
        programs: shortest period first. One alone is a model; several are the stages of an application.
    """
    kept, kept_size = _keep(programs)
    parts = {t: place for program in programs for t, place in _parts(program, kept).items()}
    return _arrange(programs, kept, kept_size, parts)


def _arrange(programs: Sequence[Program], kept: dict[Tensor, int], kept_size: int, same: dict[Tensor, Place]) -> Plan:
    """The plan of programs, some of whose tensors have a place already: in the memory of states, or of others."""
    blocks = _Blocks()
    moments: list[Moment] = []
    for program in programs:
        moments += _moments(program, blocks, {*kept, *same}, nested=moments)
    places, arena, bound = place([b.size for b in blocks.blocks], moments, blocks.ahead)
    offsets = {t: places[i] for t, i in blocks.of_tensor.items()}
    scratch = {c: places[i] for c, i in blocks.of_call.items()}
    for block, bodies in blocks.bodies.items():
        start = scratch.get(block, 0)
        for body in bodies:
            offsets |= {t: start + at for t, at in body.offsets.items()}
            scratch |= {c: start + at for c, at in body.scratch.items()}
            same = same | body.same
    lives = [Life(b.name, b.program, places[i], b.size, b.first, b.last) for i, b in enumerate(blocks.blocks) if b.size]
    return Plan(offsets, scratch, kept, arena, kept_size, bound, tuple(lives), same)


def _bodies(block: Block) -> tuple[Plan, ...]:
    """The plans of what a block runs, each in memory of its own."""
    same = block_places(block)
    return tuple(_arrange([body], {}, 0, same) for body in block.bodies)


def block_places(block: Block) -> dict[Tensor, Place]:
    """The tensors of a block's bodies that lie where a tensor around them does: those that the operator names, and new
    values of variables that can be computed right in their place."""
    same = dict(block.op.places(block.node))
    for body in block.bodies:
        births, last_uses = _births(body), _last_uses(body)
        for state in body.graph.states:
            if state.write not in same and _replaces(body, state, births, last_uses):
                same[state.write] = Place(state.read)
    return same


def heaviness(program: Program) -> list[int]:
    """Bytes of the arena that are alive at each call, at least."""
    blocks = _Blocks()
    kept, _ = _keep([program])
    own = _moments(program, blocks, {*kept, *_parts(program, kept)}, [])[1 : len(program.calls) + 1]
    found = _weights([b.size for b in blocks.blocks], own, blocks.ahead)
    return [found[moment] for moment in own]


# ------------------------------------------------------------------------------------------------ lifetimes


@dataclass
class _Block:
    """Tensors that share one address because each but the first is computed in place of the one before."""

    name: str
    program: str
    size: int
    first: int
    last: int


class _Blocks:
    """The blocks of all programs; an index names one."""

    def __init__(self) -> None:
        self.blocks: list[_Block] = []
        self.of_tensor: dict[Tensor, int] = {}
        self.of_call: dict[Call | Block, int] = {}
        self.bodies: dict[Block, tuple[Plan, ...]] = {}
        self.ahead: dict[tuple[int, int], int] = {}
        """(a, b): bytes; where a starts this much before b, or more, they may overlap."""

    def add(self, name: str, program: str, size: int, first: int, last: int) -> int:
        self.blocks.append(_Block(name, program, round_up(size), first, last))
        return len(self.blocks) - 1


def _keep(programs: Sequence[Program]) -> tuple[dict[Tensor, int], int]:
    """Offsets of states; the tensor that a state writes shares its place where the kernel works in place."""
    kept: dict[Tensor, int] = {}
    size = 0
    for program in programs:
        births, last_uses = _births(program), _last_uses(program)
        for state in program.graph.states:
            kept[state.read] = size
            if _replaces(program, state, births, last_uses):
                kept[state.write] = size
            size = round_up(size + state.read.nbytes)
    return kept, size


def _parts(program: Program, kept: Mapping[Tensor, int]) -> dict[Tensor, Place]:
    """The tensors that are parts of a new state, computed in its place: they lie in it."""
    graph = program.graph
    whole = {s.write: Place(s.write) for s in graph.states if s.write in kept}
    ends = {*graph.outputs, *(s.write for s in graph.states)}
    parts: dict[Tensor, Place] = {}
    for call in program.calls:
        node = call.node
        x = node.pointers[0] if node.pointers else None
        at = node.op.part(node) if len(node.outputs) == 1 else None
        if x is None or at is None or node.output in ends or at % ALIGN:
            continue
        place = whole.get(x, parts.get(x))
        if place is not None:
            parts[node.output] = Place(place.tensor, place.offset + at)
    return parts


def _replaces(program: Program, state: State, births: Mapping[Tensor, int], last_uses: Mapping[Tensor, int]) -> bool:
    """Whether the new value of a state can be computed right in the place of the old one."""
    birth = births.get(state.write, -1)
    last = last_uses.get(state.read, -1)
    if birth < 0 or last > birth:
        return False
    return last < birth or _in_place(program.calls[birth], state.write, state.read)


def _births(program: Program) -> dict[Tensor, int]:
    """The call that makes each tensor."""
    return {t: i for i, call in enumerate(program.calls) for t in call.node.outputs}


def _last_uses(program: Program) -> dict[Tensor, int]:
    """The last call that reads each tensor; what is read behind the last call: outputs, what states write."""
    graph = program.graph
    last = {t: i for i, call in enumerate(program.calls) for t in call.node.inputs if t is not None}
    return last | dict.fromkeys((*graph.outputs, *(s.write for s in graph.states)), len(program.calls))


def _in_place(call: Call | Block, made: Tensor, used: Tensor) -> bool:
    """Whether what makes `made` may write it over `used`, by whichever of its inputs it reads that."""
    node = call.node
    if isinstance(call, Block):
        reads = [t for t in node.inputs if t is used]
        return len(reads) == 1 and (made, used) in call.op.variables(node)
    pairs = call.in_place
    places = [i for i, t in enumerate(node.pointers) if t is used]
    return bool(places) and all((node.outputs.index(made), i) in pairs for i in places)


def _moments(program: Program, blocks: _Blocks, placed: Collection[Tensor], nested: Iterable[Moment]) -> list[Moment]:
    """Add the program's blocks, and return its moments: each of its calls, its start and its end, and every moment of
    the programs that may run between two of its calls, together with what is alive there.

    Args:
        placed: tensors that have a place already.
    """
    graph, end = program.graph, len(program.calls)
    births, last = _births(program), _last_uses(program)
    mine: list[int] = []
    hosts: set[Tensor] = set()  # an input may make room for one output only
    for tensor in program.tensors:
        if tensor in placed or tensor.data is not None:
            continue
        birth = births.get(tensor, -1)
        host = next(
            (
                t
                for t in (program.calls[birth].node.pointers if birth >= 0 else ())
                if t in blocks.of_tensor
                and t not in hosts
                and last.get(t, -1) == birth
                and _in_place(program.calls[birth], tensor, t)
                and blocks.blocks[blocks.of_tensor[t]].size >= round_up(tensor.nbytes)
                and blocks.blocks[blocks.of_tensor[t]].last == birth
            ),
            None,
        )
        if host is not None:
            hosts.add(host)
            index = blocks.of_tensor[host]
            blocks.blocks[index].last = max(last.get(tensor, -1), birth)
        else:
            name = program.calls[birth].node.name if birth >= 0 else tensor.name
            index = blocks.add(name, graph.name, tensor.nbytes, birth, max(last.get(tensor, -1), birth))
            mine.append(index)
        blocks.of_tensor[tensor] = index
    for i, call in enumerate(program.calls):
        if isinstance(call, Block):
            blocks.bodies[call] = _bodies(call)
        _allow_overlaps(call, i, last, blocks)
        size = max(b.arena for b in blocks.bodies[call]) if isinstance(call, Block) else call.scratch
        under = None if isinstance(call, Block) else _under_scratch(call, i, blocks, last)
        if size and under is not None:
            blocks.blocks[under].size = max(blocks.blocks[under].size, round_up(size))
            blocks.of_call[call] = under
        elif size:
            index = blocks.add(f"scratch of {call.node.name}", graph.name, size, i, i)
            blocks.of_call[call] = index
            mine.append(index)

    own, across = _alive([(b, blocks.blocks[b].first, blocks.blocks[b].last) for b in mine], end)
    inside = set(nested)
    if len(across) * len(inside) > MOMENTS:
        raise BadInput(
            f"{graph.name}: between {len(across):,} of its operators, {len(inside):,} moments of stages with shorter "
            f"periods may come; at most {MOMENTS:,} together can be planned: use models with fewer operators"
        )
    return [*own, *(here | there for here in across for there in inside)]


def _under_scratch(call: Call, time: int, blocks: _Blocks, last: Mapping[Tensor, int]) -> int | None:
    """The block of an input that dies in a call and may lie where its scratch begins, if there is one."""
    pointer = call.kernel.scratch_over(call.node)
    if pointer is None:
        return None
    tensor = call.node.pointers[pointer]
    index = blocks.of_tensor.get(tensor)
    over = any(blocks.of_tensor.get(made) == index for made in call.node.outputs)
    if index is None or over or call.node.pointers.count(tensor) > 1:
        return None
    return index if last.get(tensor, -1) == blocks.blocks[index].last == time else None


def _allow_overlaps(call: Call | Block, time: int, last: Mapping[Tensor, int], blocks: _Blocks) -> None:
    """Let outputs of a call lie over inputs that nobody reads afterwards, as far as it allows that."""
    for one, other, distance in call.ahead:
        a, b = blocks.of_tensor.get(one), blocks.of_tensor.get(other)
        used = one if other in call.node.outputs else other
        if a is not None and b is not None and last.get(used, -1) == time == blocks.blocks[blocks.of_tensor[used]].last:
            blocks.ahead[a, b] = distance


def _alive(lives: Sequence[tuple[int, int, int]], end: int) -> tuple[list[Moment], set[Moment]]:
    """What is alive at each time from -1 to `end`; and from one call to the next, for calls 0 to `end` - 1.

    Args:
        lives: (block, first time, last time), all of them inside of -1 .. `end`.
    """
    born: dict[int, set[int]] = {}
    die: dict[int, set[int]] = {}
    for block, first, last in lives:
        born.setdefault(first, set()).add(block)
        die.setdefault(last, set()).add(block)
    now: set[int] = set()
    own, across = [], set()
    for time in range(-1, end + 1):
        now |= born.get(time, set())
        own.append(frozenset(now))
        now -= die.get(time, set())
        if 0 <= time < end - 1:
            across.add(frozenset(now))
    return own, across


# ------------------------------------------------------------------------------------------------ offsets


def place(
    sizes: Sequence[int], moments: Sequence[Moment], ahead: Mapping[tuple[int, int], int] | None = None
) -> tuple[list[int], int, int]:
    """(offsets, total, bound): places for blocks of these sizes such that blocks of one moment never overlap.

    But block a may overlap block b if it starts `ahead[a, b]` bytes before it, or more.

    Blocks are put down one by one at the lowest free address; which order is best is found by trying: simple orders
    first, then random ones from a fixed seed, until the bound is reached, `ORDERS` have been tried, or, among many
    blocks, `VISITS` are spent.
    """
    ahead = {pair: min(distance, sizes[pair[0]]) for pair, distance in (ahead or {}).items()}
    heaviness = _weights(sizes, moments, ahead)
    bound = max(heaviness.values(), default=0)
    weight = [0] * len(sizes)
    masks = [0] * len(sizes)  # bit sets: wide graphs have millions of conflicts
    for moment, heavy in heaviness.items():
        mask = sum(1 << b for b in moment)
        for b in moment:
            masks[b] |= mask
            weight[b] = max(weight[b], heavy)
    conflicts = [[j for j, bit in enumerate(bin(mask)[:1:-1]) if bit == "1" and j != i] for i, mask in enumerate(masks)]
    tries = VISITS // max(1, sum(map(len, conflicts)))
    every = range(len(sizes))
    orders = [
        sorted(every, key=lambda i: (-sizes[i], i)),
        sorted(every, key=lambda i: (-weight[i], -sizes[i], i)),
        sorted(every, key=lambda i: (-sizes[i] * (len(conflicts[i]) + 1), i)),
        list(every),
    ]
    shuffle = random.Random(0)
    best: tuple[int, list[int]] | None = None
    for attempt in range(max(1, min(len(orders) + ORDERS, tries))):
        order = orders[attempt] if attempt < len(orders) else sorted(
            every, key=lambda i: -weight[i] * shuffle.uniform(0.5, 1.0)
        )  # fmt: skip
        offsets, total = _put_down(order, sizes, conflicts, ahead)
        if best is None or total < best[0]:
            best = total, offsets
        if best[0] == bound:
            break
    assert best is not None
    return best[1], best[0], bound


def _weights(
    sizes: Sequence[int], moments: Iterable[Moment], ahead: Mapping[tuple[int, int], int]
) -> dict[Moment, int]:
    """Bytes that each moment needs at least: those of its blocks, less what may lie in two of them."""
    shared = {
        (a, b): sizes[a] + sizes[b] - max(sizes[a], sizes[b] + min(distance, sizes[a]))
        for (a, b), distance in ahead.items()
    }
    return {
        m: sum(sizes[b] for b in m) - sum(size for pair, size in shared.items() if m.issuperset(pair))
        for m in set(moments)
    }


def _put_down(
    order: Sequence[int], sizes: Sequence[int], conflicts: Sequence[list[int]], ahead: Mapping[tuple[int, int], int]
) -> tuple[list[int], int]:
    offsets = [-1] * len(sizes)
    for block in order:
        at = 0
        taken = sorted(  # open intervals in which it must not start
            (offsets[c] - ahead.get((block, c), sizes[block]), offsets[c] + ahead.get((c, block), sizes[c]))
            for c in conflicts[block]
            if offsets[c] >= 0
        )
        for before, behind in taken:
            if at <= before:
                break
            at = max(at, behind)
        offsets[block] = at
    return offsets, max((o + s for o, s in zip(offsets, sizes, strict=True)), default=0)
