"""The memory plan, checked by other means than those it is made with."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motes.choose import choose
from motes.ir import DType, Graph, Kernel, Node, Op, Program, State, Tensor
from motes.passes import prepare
from motes.plan import Plan, place, plan
from motes.tflite import load

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


def chain(*sizes: int, name: str = "chain", in_place: bool = False) -> Graph:
    """A graph through tensors of these sizes, in bytes."""
    tensors = [Tensor(f"{name}_{i}", (size,), DType.INT8) for i, size in enumerate(sizes)]
    op = Overwrite() if in_place else Make()
    pairs = itertools.pairwise(tensors)
    nodes = tuple(Node(f"{name}_node_{i}", op, (a,), (b,)) for i, (a, b) in enumerate(pairs))
    return Graph(name, (tensors[0],), (tensors[-1],), nodes)


def assert_apart(program: Program, found: Plan) -> None:
    """Walk the program call by call, and look at what lies where: nothing alive is overwritten."""
    owner: dict[int, Tensor] = {}

    def write(tensor: Tensor) -> None:
        at = found.offsets[tensor]
        assert at + tensor.nbytes <= found.arena
        for byte in range(at, at + tensor.nbytes):
            owner[byte] = tensor

    def whole(tensor: Tensor) -> bool:
        at = found.offsets[tensor]
        return all(owner.get(b) is tensor for b in range(at, at + tensor.nbytes))

    for tensor in program.graph.inputs:
        write(tensor)
    for call in program.calls:
        for tensor in call.node.pointers:
            if tensor.data is None and tensor not in found.kept:
                assert whole(tensor), f"{tensor} is overwritten before {call.node}"
        if call.scratch:
            at = found.scratch[call]
            for byte in range(at, at + call.scratch):
                assert owner.pop(byte, None) not in call.node.pointers, f"scratch of {call.node} lies on its input"
        for tensor in call.node.outputs:
            if tensor not in found.kept:
                write(tensor)
    for tensor in program.graph.outputs:
        assert whole(tensor), f"output {tensor} is overwritten"


@pytest.mark.parametrize("features", [frozenset(), frozenset({"dsp", "fpu"})], ids=["portable", "cortex-m4"])
@pytest.mark.parametrize("model", SHARED_MODELS)
def test_real_models_are_planned_without_overlap(shared, model, features):
    program = choose(prepare(load(shared / "models" / f"{model}.tflite")), features)
    found = plan(program)
    assert_apart(program, found)
    assert found.proven
    if not features:
        assert found.arena <= SHARED_MODELS[model]


def test_chain_needs_the_two_largest_neighbours():
    program = choose(chain(100, 400, 200, 50))
    found = plan(program)
    assert_apart(program, found)
    assert found.arena == 400 + 200 == found.bound


def test_output_over_dying_input_takes_no_room():
    program = choose(chain(96, 96, 96, in_place=True))
    found = plan(program)
    assert len({found.offsets[t] for t in found.offsets}) == 1
    assert found.arena == 96


def test_stages_that_interrupt_each_other_lie_apart():
    short, long = choose(chain(64, 64, name="short")), choose(chain(80, 160, 80, name="long"))
    found = plan(short, long)
    assert_apart(short, found)
    assert_apart(long, found)
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
