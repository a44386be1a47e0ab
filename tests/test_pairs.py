"""Two layers that one kernel computes: which go together, and that every byte is that of the layers one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import Array, Graph, Node, Tensor
from motes.ops.conv import pointwise
from motes.ops.conv.channels import channels
from motes.ops.conv.op import Conv2D
from motes.ops.conv.step import following
from motes.pairs import joined, pairs_of
from motes.plan import plan
from motes.program import Call, Program
from motes.proving import compile_program
from motes.target import Board, board
from motes.tuning import Goal, tuned
from pointwise_networks import Pair, beside, chain

VIRT = board("virt-m4")
SAME, VALID = (1, 1, 1, 1), (0, 0, 0, 0)
AHEAD = (0, 1, 0, 1)  # of SAME at stride 2, where extents are even

CASES = {
    "same": Pair(),
    "one four": Pair(4, 4, 4, 4, seed=27),
    "wide": Pair(6, 28, 12, 8, seed=1),
    "rows odd": Pair(7, 8, 8, 8, seed=2),
    "one row": Pair(1, 8, 8, 8, seed=3),
    "two rows": Pair(2, 12, 8, 4, seed=4),
    "three rows": Pair(3, 8, 8, 4, seed=5),
    "all steps": Pair(6, 8, 32, 16, seed=6),
    "one step fewer": Pair(5, 8, 28, 8, seed=7),
    "most in registers": Pair(5, 12, 24, 12, seed=8),
    "one step": Pair(6, 8, 4, 12, seed=9),
    "many channels": Pair(4, 4, 16, 40, seed=26),
    "rows without padding": Pair(6, 8, 8, 8, pads=(0, 0, 1, 1), seed=11),
    "padding below": Pair(6, 8, 8, 8, pads=(0, 1, 1, 1), seed=12),
    "padding above": Pair(7, 8, 8, 8, pads=(1, 0, 1, 1), seed=13),
    "padding of two": Pair(5, 8, 8, 8, pads=(2, 2, 2, 2), seed=14),
    "valid": Pair(6, 8, 8, 8, pads=VALID, seed=15),
    "step": Pair(8, 8, 8, 8, 2, AHEAD, seed=16),
    "step, odd rows": Pair(9, 8, 8, 16, 2, (1, 1, 0, 1), seed=17),
    "step, rows between": Pair(7, 12, 16, 8, 2, (1, 0, 0, 1), seed=18),
    "step, padding before": Pair(8, 12, 8, 8, 2, (1, 1, 1, 1), seed=19),
    "step, one row": Pair(1, 4, 8, 4, 2, (1, 1, 1, 1), seed=20),
    "step, many outputs": Pair(8, 8, 4, 32, 2, AHEAD, seed=21),
    "zero points": Pair(6, 8, 8, 8, zeros=(17, -128, -128), seed=22),
    "other zero points": Pair(6, 8, 16, 8, 2, AHEAD, zeros=(-9, -128, -128), seed=23),
    "limits": Pair(6, 8, 16, 8, spread=0.4, zeros=(0, -128, -128), seed=24),
    "small outputs": Pair(6, 8, 16, 8, spread=3.0, zeros=(0, -128, -128), seed=25),
}


def both(graph: Graph, where: Board = VIRT) -> tuple[Program, Program]:
    """The program layer by layer, and with every pair that there is: one for two nodes."""
    whole = choose(graph, where.core.features)
    pairs = pairs_of(whole, where.core.features)
    assert len(pairs) * 2 == len(graph.nodes)
    return whole, joined(whole, pairs.values())


def given(graph: Graph, seed: int) -> tuple[Array, ...]:
    """Random values; the third time, and then, the least and the largest alone."""
    rng = np.random.default_rng(seed)
    values = [rng.integers(-128, 128, t.shape) for t in graph.inputs]
    return tuple(np.where(v < 0, -128, 127).astype(np.int8) if seed > 1 else v.astype(np.int8) for v in values)


def compare(graph: Graph, where: Board, runs: int = 3) -> None:
    """The pairs of a graph on the core, and the portable kernels of its layers: every byte."""
    proved = compile_program(both(graph, where)[1], where, "pairs")
    assert {call.kernel.function for _, call, _ in proved.program.walk()} == {"pointwise_depthwise_s8_dsp"}
    (reference,) = host.load([graph], optimise="-O1")
    cases = [given(graph, seed) for seed in range(runs)]
    for values, (made,) in zip(cases, proved.replay([[values] for values in cases]), strict=True):
        for t, have, want in zip(graph.outputs, made, reference(*values), strict=True):
            np.testing.assert_array_equal(have, want, t.name)


@pytest.mark.cores(needs=("dsp", "fpu"))
def test_pairs_are_their_layers(virt: Board) -> None:
    graph = beside([pair.graph(f"n{i}") for i, pair in enumerate(CASES.values())])
    compare(graph, virt)


@pytest.mark.parametrize("name", ["same", "zero points", "limits", "step"])
def test_outputs_of_cases_differ(name: str) -> None:
    graph = CASES[name].graph()
    (reference,) = host.load([graph], optimise="-O1")
    (made,) = reference(*given(graph, 0))
    assert len(np.unique(made)) > 10


@pytest.mark.cores(needs=("dsp", "fpu"))
def test_outputs_over_inputs(virt: Board) -> None:
    """More outputs than inputs, fewer, as many; at both strides, and several behind each other."""
    graph = chain(
        Pair(8, 8, 8, 24),
        Pair(8, 8, 24, 24, 2, AHEAD, seed=1),
        Pair(4, 4, 24, 8, pads=(1, 1, 1, 1), seed=2),
        Pair(4, 4, 8, 32, 2, (1, 1, 1, 1), seed=3),
    )
    compare(graph, virt)


@pytest.mark.parametrize("pair", [Pair(24, 24, 8, 24), Pair(24, 24, 24, 24, 2, AHEAD), Pair(24, 24, 16, 16)])
def test_outputs_lie_over_inputs(pair: Pair) -> None:
    graph = pair.graph()
    program = both(graph)[1]
    (call,) = program.calls
    found = plan(program)
    (x,), (y,) = graph.inputs, graph.outputs
    assert found.proven
    assert isinstance(call, Call)
    assert found.arena == max(x.nbytes, y.nbytes) + call.scratch


def test_pairs_take_less_memory_and_time() -> None:
    graph = Pair(24, 24, 16, 32, 2, AHEAD).graph()
    whole, together = both(graph)
    taken = [compile_program(p, VIRT, "pairs").measure().cycles for p in (whole, together)]
    assert taken[1] < taken[0]
    assert plan(together).arena < 0.8 * plan(whole).arena
    assert together.calls[0].node.op.macs(together.calls[0].node) == graph.macs


# ------------------------------------------------------------------------------------------------ what goes together

ALONE = {
    "rows that are no fours": Pair(w=6),
    "values that are no fours": Pair(depth=6),
    "too many values": Pair(depth=36),
    "two images": Pair(batch=2),
    "channels that are no fours": Pair(count=6),
    "columns that no window reaches": Pair(8, 8, 8, 8, 2, (0, 0, 0, 0)),
    "limits of an activation": Pair(zeros=(0, 0, 0)),
}


@pytest.mark.parametrize("name", ALONE)
def test_layers_that_stay_alone(name: str) -> None:
    whole = choose(ALONE[name].graph(), VIRT.core.features)
    assert not pairs_of(whole, VIRT.core.features)


def test_cores_without_the_instructions_have_no_pairs() -> None:
    graph = Pair().graph()
    for features in (frozenset(), frozenset({"dsp"})):
        assert not pairs_of(choose(graph, features), features)


def test_what_others_read_is_made() -> None:
    graph = Pair().graph()
    point, deep = graph.nodes
    more = replace(deep, name="more", outputs=(replace(deep.output),))
    read_twice = replace(graph, nodes=(*graph.nodes, more), outputs=(*graph.outputs, more.output))
    for other in (read_twice, replace(graph, outputs=(*graph.outputs, point.output))):
        assert not pairs_of(choose(other, VIRT.core.features), VIRT.core.features)


def test_a_pair_has_the_names_and_sources_of_its_layers() -> None:
    (pair,) = pairs_of(choose(Pair().graph("a"), VIRT.core.features), VIRT.core.features).values()
    assert pair.parts == ("a_point", "a_deep")
    assert str(pair.call.node) == "CONV_2D + DEPTHWISE_CONV_2D a_point_a_deep (operator 0, 1)"


# ------------------------------------------------------------------------------------------------ six bytes a channel


def point(weights: Array, bias: Array, scale: float) -> Node:
    made = Pair(count=len(weights), depth=weights.shape[1]).graph().nodes[0]
    x, w, b = made.inputs
    assert isinstance(w, Tensor) and isinstance(b, Tensor) and isinstance(made.op, Conv2D)
    given = (x, replace(w, data=weights.reshape(w.shape)), replace(b, data=bias.astype(np.int32)))
    return replace(
        made, inputs=given, outputs=(replace(made.output, quant=replace(made.output.quant, scale=(scale,))),)
    )


def test_numbers_that_follow_are_those_that_are_proven() -> None:
    rng = np.random.default_rng(4)
    node = point(rng.integers(-127, 128, (32, 8)).astype(np.int8), rng.integers(-9000, 9000, 32), 0.3)
    packed = pointwise.pack(node)
    assert packed is not None
    sums = rng.integers(-200_000, 200_000, 4000)
    pairs = packed.stream.reshape(16, -1)
    heads = pairs[:, :12].copy().view(np.uint32).astype(np.int64)
    for c, channel in enumerate(channels(node.op, node) or ()):
        word = int(heads[c // 2, c % 2])
        multiplier = word >> 3 << packed.coarse
        bias = (word & 7) << 16 | int(heads[c // 2, 2]) >> 16 * (c % 2) & 0xFFFF
        bias -= bias >> 18 << 19
        assert bias == channel.bias
        reached = np.clip(sums, channel.rescale.low, channel.rescale.high)
        offset = following(multiplier, channel.rescale.zero_point, pointwise.SHIFT)
        have = np.clip((reached * 256 * multiplier >> 32) + offset >> 12, -128, 127)
        np.testing.assert_array_equal(have, channel.rescale(reached))


@pytest.mark.parametrize(
    ("bias", "fits"), [((1 << 18) - 1, True), (1 << 18, False), (-1 << 18, True), ((-1 << 18) - 1, False)]
)
def test_biases_with_room_and_without(bias: int, fits: bool) -> None:
    weights = np.full((4, 32), 127, np.int8)
    node = point(weights, np.full(4, bias - 128 * 32 * 127), 0.9)
    assert {c.bias for c in channels(node.op, node) or ()} == {bias}
    assert (pointwise.pack(node) is not None) == fits


def test_channels_that_are_always_the_same() -> None:
    node = point(np.zeros((4, 8), np.int8), np.array([0, 500, -500, 90_000]), 0.3)
    assert all(c.rescale.constant is not None for c in channels(node.op, node) or ())
    assert pointwise.pack(node) is not None


# ------------------------------------------------------------------------------------------------ whole models


def test_the_solver_takes_pairs_where_they_pay() -> None:
    graph = chain(Pair(24, 24, 8, 16), Pair(24, 24, 16, 16, 2, AHEAD, seed=1))
    program = tuned(graph, VIRT, Goal())
    assert [call.node.op.title for call in program.calls] == ["CONV_2D + DEPTHWISE_CONV_2D"] * 2
    small = tuned(Pair(4, 4, 4, 4).graph(), VIRT, Goal("size"))
    assert len(small.calls) == 2
