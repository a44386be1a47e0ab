"""The memory plan, checked by other means than those it is made with."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.choose import choose
from motes.errors import BadInput
from motes.ir import DType, Graph, Kernel, Node, Op, State, Tensor
from motes.passes import prepare
from motes.plan import Plan, heaviness, place, plan
from motes.program import Call, Program
from motes.tflite import load
from motes.wellformed import verify

SHARED_MODELS = {
    "mlperf_tiny/kws_ref_model": 16_000,
    "mlperf_tiny/vww_96_int8": 55_296,
    "mlperf_tiny/pretrainedResnet_quant": 49_152,
    "mlperf_tiny/ad01_int8": 768,
}
"""Bytes of the arena for the portable kernels: these may only fall."""


class Make(Op):
    """Makes a tensor of another size."""

    kernels = (Kernel("make", "make.h"),)


class Overwrite(Make):
    """Makes a tensor over its input."""

    kernels = (Kernel("make", "make.h", in_place=lambda node: ((0, 0),)),)


class Overtake(Make):
    """Makes a tensor whose start lies 16 bytes before that of its input, or more; or the other way round."""

    kernels = (
        Kernel(
            "make",
            "make.h",
            ahead=lambda node: (
                (node.output, node.input(0), 16)
                if node.output.nbytes <= node.input(0).nbytes
                else (node.input(0), node.output, 16),
            ),
        ),
    )


def chain(*sizes: int, name: str = "chain", in_place: bool = False, overtake: bool = False) -> Graph:
    """A graph through tensors of these sizes, in bytes."""
    tensors = [Tensor(f"{name}_{i}", (size,), DType.INT8) for i, size in enumerate(sizes)]
    op = Overwrite() if in_place else Overtake() if overtake else Make()
    pairs = itertools.pairwise(tensors)
    nodes = tuple(Node(f"{name}_node_{i}", op, (a,), (b,)) for i, (a, b) in enumerate(pairs))
    return Graph(name, (tensors[0],), (tensors[-1],), nodes)


class Walk:
    """Runs programs call by call on a memory whose bytes know what lies there: nothing alive is ever overwritten."""

    def __init__(self, found: Plan, *programs: Program) -> None:
        self.found, self.programs = found, programs
        self.owner: dict[tuple[str, int], object] = {}
        for program in programs:
            for state in program.graph.states:
                self.write(state.read)

    def bytes_of(self, thing: Tensor | Call) -> list[tuple[str, int]]:
        if isinstance(thing, Call):
            place, start, size = "arena", self.found.scratch[thing], thing.scratch
        elif thing in self.found.kept:
            place, start, size = "kept", self.found.kept[thing], thing.nbytes
        else:
            place, start, size = "arena", self.found.offsets[thing], thing.nbytes
        assert start + size <= {"arena": self.found.arena, "kept": self.found.kept_size}[place]
        assert start % 8 == 0
        return [(place, byte) for byte in range(start, start + size)]

    def write(self, thing: Tensor | Call) -> None:
        self.owner.update(dict.fromkeys(self.bytes_of(thing), thing))

    def check(self, tensor: Tensor, why: str) -> None:
        assert all(self.owner.get(b) is tensor for b in self.bytes_of(tensor)), f"{tensor} is overwritten {why}"

    def run(self, index: int) -> None:
        """A run of a program; between two of its calls, all earlier programs run."""
        program = self.programs[index]
        graph = program.graph
        for tensor in graph.inputs:
            self.write(tensor)
        for i, call in enumerate(program.calls):
            reads = [t for t in call.node.pointers if t.data is None]
            for tensor in reads:
                self.check(tensor, f"before {call.node}")
            if call.scratch:
                for k, t in enumerate(call.node.pointers):  # the kernel reads all others after it has written
                    if t.data is None and {*self.bytes_of(t)} & {*self.bytes_of(call)}:
                        assert k == call.kernel.scratch_over(call.node), f"scratch of {call.node} over {k}"
                        assert self.bytes_of(t)[0] == self.bytes_of(call)[0]
                self.write(call)
            for number, made in enumerate(call.node.outputs):
                self.write(made)
                pairs = {*call.kernel.in_place(call.node), *(((0, 0),) if call.node.op.view else ())}
                over = [k for k, t in enumerate(call.node.pointers) if (number, k) not in pairs and t.data is None]
                for k in over:  # the kernel may read these after it has written
                    assert not {*self.bytes_of(made)} & {*self.bytes_of(call.node.pointers[k])}, f"{made} over {k}"
            for made in call.node.outputs:
                self.check(made, f"by another output of {call.node}")
            if call.scratch:
                assert all(self.owner[b] is call for b in self.bytes_of(call)), f"scratch of {call.node} is shared"
            if i < len(program.calls) - 1:
                for earlier in range(index):
                    self.run(earlier)
        for tensor in (*graph.outputs, *(s.write for s in graph.states)):
            self.check(tensor, "at the end")
        for state in graph.states:
            self.write(state.read)


def assert_apart(found: Plan, *programs: Program) -> None:
    """Run the programs twice, the last first, since it holds most."""
    walk = Walk(found, *programs)
    for index in (*reversed(range(len(programs))), *range(len(programs))):
        walk.run(index)


@pytest.mark.parametrize("features", [frozenset(), frozenset({"dsp", "fpu"})], ids=["portable", "cortex-m4"])
@pytest.mark.parametrize("model", SHARED_MODELS)
def test_real_models_are_planned_without_overlap(shared, model, features):
    program = choose(prepare(load(shared / "models" / f"{model}.tflite")), features)
    found = plan(program)
    assert_apart(found, program)
    assert found.proven
    if not features:
        assert found.arena <= SHARED_MODELS[model]


def test_chain_needs_the_two_largest_neighbours():
    program = choose(chain(100, 400, 200, 50))
    found = plan(program)
    assert_apart(found, program)
    assert found.arena == 400 + 200 == found.bound


def test_output_over_dying_input_takes_no_room():
    program = choose(chain(96, 96, 96, in_place=True))
    found = plan(program)
    assert len({found.offsets[t] for t in found.offsets}) == 1
    assert found.arena == 96


def test_stages_that_interrupt_each_other_lie_apart():
    short, long = choose(chain(64, 64, name="short")), choose(chain(80, 160, 80, name="long"))
    found = plan(short, long)
    assert_apart(found, short, long)
    # Between the two calls of `long` its middle tensor (160) is alive while all of `short` (64 + 64) may run.
    assert found.arena == found.bound == 160 + 128
    inside = [(found.offsets[t], found.offsets[t] + t.nbytes) for t in short.graph.tensors]
    middle = long.graph.nodes[0].output
    at = found.offsets[middle]
    assert all(end <= at or start >= at + middle.nbytes for start, end in inside)


def test_a_single_call_is_not_interrupted():
    found = plan(choose(chain(64, 64, name="short")), choose(chain(80, 160, name="long")))
    assert found.arena == 80 + 160


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_places_never_overlap_and_small_cases_are_optimal(data):
    sizes = data.draw(st.lists(st.integers(1, 6).map(lambda n: 8 * n), min_size=1, max_size=5))
    moments = data.draw(st.lists(st.frozensets(st.integers(0, len(sizes) - 1), min_size=1), min_size=1, max_size=6))
    offsets, total, bound = place(sizes, moments)
    for moment in moments:
        for a, b in itertools.combinations(moment, 2):
            assert offsets[a] + sizes[a] <= offsets[b] or offsets[b] + sizes[b] <= offsets[a]
    assert bound <= total == max(o + s for o, s in zip(offsets, sizes, strict=True))
    assert total == exhaustive(sizes, moments)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_places_overlap_only_as_far_as_they_may(data):
    sizes = data.draw(st.lists(st.integers(1, 6).map(lambda n: 8 * n), min_size=2, max_size=6))
    blocks = st.integers(0, len(sizes) - 1)
    moments = data.draw(st.lists(st.frozensets(blocks, min_size=1), min_size=1, max_size=6))
    pairs = st.tuples(blocks, blocks).filter(lambda pair: pair[0] != pair[1])
    ahead = data.draw(st.dictionaries(pairs, st.integers(0, 6).map(lambda n: 8 * n), max_size=3))
    offsets, total, bound = place(sizes, moments, ahead)
    for moment in moments:
        for a, b in itertools.combinations(moment, 2):
            before, behind = ((min(sizes[i], ahead.get((i, j), sizes[i]))) for i, j in ((a, b), (b, a)))
            assert offsets[b] - offsets[a] >= before or offsets[a] - offsets[b] >= behind
    assert bound <= total == max(o + s for o, s in zip(offsets, sizes, strict=True))


def test_an_output_over_what_has_been_read_of_an_input():
    both = [frozenset({0, 1})]
    assert place([80, 64], both, {(0, 1): 16}) == ([0, 16], 80, 80)
    assert place([40, 64], both, {(0, 1): 16}) == ([0, 16], 80, 80)
    assert place([40, 64], both, {(0, 1): 48}) == ([64, 0], 104, 104)
    assert place([40, 64], both, {(1, 0): 0})[1] == 64


def test_outputs_of_calls_over_inputs():
    for sizes, arena in (((80, 80), 96), ((64, 96), 112), ((96, 64), 112), ((96, 24, 24), 112)):
        graph = chain(*sizes, overtake=True)
        found = plan(choose(graph))
        assert found.arena == found.bound == arena
        assert max(heaviness(choose(graph))) == arena
        for x, y in itertools.pairwise(found.offsets[t] for t in graph.tensors):
            assert abs(x - y) >= 16
    first = graph.inputs[0]
    again = Node("again", Make(), (first,), (Tensor("more", (8,), DType.INT8),))
    found = plan(choose(replace(graph, nodes=(*graph.nodes, again), outputs=(*graph.outputs, *again.outputs))))
    assert found.arena == 96 + 24 + 16


def exhaustive(sizes: list[int], moments: list[frozenset[int]]) -> int:
    """The best total over every order of first-fit placement, which always contains an optimal one."""
    conflict = [[any({a, b} <= m for m in moments) for b in range(len(sizes))] for a in range(len(sizes))]
    best = sum(sizes)
    for order in itertools.permutations(range(len(sizes))):
        at: dict[int, int] = {}
        for block in order:
            taken = sorted((at[o], at[o] + sizes[o]) for o in at if conflict[block][o])
            here = 0
            for start, end in taken:
                if here + sizes[block] <= start:
                    break
                here = max(here, end)
            at[block] = here
        best = min(best, max(at[b] + sizes[b] for b in at))
    return best


def test_states_keep_their_place():
    graph = chain(16, 16)
    tensor = Tensor("kept", (4,), DType.INT32)
    graph = Graph(
        graph.name, graph.inputs, graph.outputs, graph.nodes, (State("kept", np.zeros(4, np.int32), tensor, tensor),)
    )
    found = plan(choose(graph))
    assert found.kept[tensor] == 0
    assert found.kept_size == 16


@dataclass(frozen=True)
class Any(Op):
    """Anything from anything, with what a kernel may ask for."""

    kernels = (
        Kernel(
            "any", "any.h", in_place=lambda node: node.op.pairs, scratch=lambda node: node.op.scratch,
            scratch_over=lambda node: node.op.over,
        ),
    )  # fmt: skip
    pairs: tuple[tuple[int, int], ...] = ()
    scratch: int = 0
    over: int | None = None


def tensor(name: str, size: int = 16) -> Tensor:
    return Tensor(name, (size,), DType.INT8)


def test_an_input_makes_room_for_one_output_only():
    x, dead, y = tensor("x"), tensor("dead"), tensor("y")
    graph = Graph("g", (x,), (y,), (Node("n", Any(((0, 0), (1, 0))), (x,), (dead, y)),))
    program = choose(graph)
    assert_apart(plan(program), program)


def test_scratch_may_begin_where_an_input_that_dies_does():
    x, y, z = tensor("x"), tensor("y"), tensor("z")
    for outputs, size in (((z,), 48), ((x, z), 64)):
        nodes = (Node("n", Any((), 32, 0), (x, y), (z,)),)
        program = choose(Graph("g", (x, y), outputs, nodes))
        found = plan(program)
        assert_apart(found, program)
        assert found.arena == size + 16
        assert (found.offsets[x] == found.scratch[program.calls[0]]) is (x not in outputs)


def test_what_is_read_twice_is_overwritten_only_where_both_may_be():
    x, y = tensor("x"), tensor("y")
    for pairs, size in ((((0, 0),), 32), (((0, 0), (0, 1)), 16)):
        program = choose(Graph("g", (x,), (y,), (Node("n", Any(pairs), (x, x), (y,)),)))
        found = plan(program)
        assert_apart(found, program)
        assert found.arena == size


def test_a_state_that_is_an_output_too_needs_a_copy():
    x, past, new = tensor("x"), tensor("past"), tensor("new")
    state = State("past", np.zeros(16, np.int8), past, new)
    graph = Graph("g", (x,), (past,), (Node("n", Any(), (x, past), (new,)),), (state,))
    with pytest.raises(BadInput, match="state past: past is an output, too; copy it before it is written"):
        verify(graph)


def test_states_that_pass_values_on_need_a_copy():
    x, one, two = tensor("x"), tensor("one"), tensor("two")
    states = (State("one", np.zeros(16, np.int8), one, two), State("two", np.zeros(16, np.int8), two, x))
    with pytest.raises(BadInput, match="state one: writes two, which another state reads; copy it between"):
        verify(Graph("g", (x,), (x,), (), states))


@st.composite
def programs(draw: st.DrawFn, name: str) -> Program:
    """A random graph: nodes with several inputs and outputs, in place or not, scratch, states, results nobody reads."""
    sizes = st.integers(1, 6).map(lambda n: 12 * n)
    known = [tensor(f"{name}_in{i}", draw(sizes)) for i in range(draw(st.integers(1, 2)))]
    inputs = tuple(known)
    reads = [tensor(f"{name}_state{i}", draw(sizes)) for i in range(draw(st.integers(0, 2)))]
    writes: list[Tensor] = []
    known += reads
    nodes = []
    for i in range(draw(st.integers(1, 6))):
        sources = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        made = [tensor(f"{name}_{i}_{j}", draw(sizes)) for j in range(draw(st.integers(1, 2)))]
        if len(writes) < len(reads) and draw(st.booleans()):  # write a state, perhaps from itself
            made.append(tensor(f"{name}_{i}_next", reads[len(writes)].nbytes))
            sources.append(reads[len(writes)])
            writes.append(made[-1])
        pairs = draw(st.sets(st.tuples(st.integers(0, len(made) - 1), st.integers(0, len(sources) - 1))))
        scratch = draw(st.sampled_from((0, 0, 24)))
        over = draw(st.sampled_from((None, *range(len(sources)))))
        nodes.append(Node(f"{name}_{i}", Any(tuple(sorted(pairs)), scratch, over), tuple(sources), tuple(made)))
        known += made
    states = [State(r.name, np.zeros(r.shape, np.int8), r, w) for r, w in zip(reads, writes, strict=False)]
    states += [State(r.name, np.zeros(r.shape, np.int8), r, r) for r in reads[len(writes) :]]
    outputs = draw(st.lists(st.sampled_from([t for t in known if t not in reads]), max_size=3, unique=True))
    return choose(verify(Graph(name, inputs, tuple(outputs), tuple(nodes), tuple(states))))


@settings(max_examples=150, deadline=None)
@given(st.tuples(programs("a"), programs("b"), programs("c")))
def test_nothing_alive_is_overwritten_in_nested_programs(drawn):
    for count in (1, 2, 3):
        assert_apart(plan(*drawn[:count]), *drawn[:count])


def fan(width: int) -> Graph:
    """One tensor read by `width` nodes, whose results all live until the end: every order is as good."""
    x = Tensor("x", (8,), DType.INT8)
    outputs = tuple(Tensor(f"y{i}", (8 + 8 * (i % 5),), DType.INT8) for i in range(width))
    return Graph("fan", (x,), outputs, tuple(Node(f"n{i}", Make(), (x,), (y,)) for i, y in enumerate(outputs)))


def ladder(length: int) -> Graph:
    """Every node reads the two before it, so that three tensors live at once, of sizes that no simple order packs."""
    tensors = [Tensor(f"t{i}", (8 * (1 + (i * 7) % 11),), DType.INT8) for i in range(length)]
    nodes = tuple(
        Node(f"n{i}", Make(), (tensors[i - 1], tensors[i - 2]), (tensors[i],)) for i in range(2, length)
    )  # fmt: skip
    return Graph("ladder", tuple(tensors[:2]), (tensors[-1],), nodes)


@pytest.mark.parametrize("graph", [fan(2000), ladder(4000), chain(*(8,) * 4001)], ids=["fan", "ladder", "chain"])
def test_thousands_of_nodes_are_planned(graph):
    """With anything quadratic in Python, or cubic at all, this takes hours."""
    program = choose(prepare(graph))
    found = plan(program)
    assert found.bound <= found.arena <= 2 * found.bound
    assert_apart(found, program)


def test_stages_whose_moments_multiply_without_end_are_refused():
    short, long = (choose(chain(*(8,) * 700, name=name)) for name in ("short", "long"))
    with pytest.raises(
        BadInput, match=r"long: between 698 of its operators, 701 moments of stages with shorter periods"
    ):
        plan(short, long)
