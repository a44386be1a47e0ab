"""Unrolled steps become loops, whatever their scales; the results stay those of TensorFlow Lite Micro."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import Array, DType, Graph, Quant, Tensor, quant
from motes.ops.control.op import Part, Repeat
from motes.passes import prepare
from motes.passes.roll_recurrence import roll_recurrence
from motes.plan import plan
from motes.program import Call
from motes.proving import compile_graph, self_check
from motes.target import Board, board
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm


class Unrolled:
    """A network of h[t] = W x[t] + R h[t - 1] + b, in int8, each step with scales and zero points of its own.

    Biases are what a converter makes of one real bias in each step, or any.
    """

    def __init__(self, steps: int, width: int = 3, units: int = 5, seed: int = 0, any_bias: bool = False) -> None:
        self.any_bias = any_bias
        self.biases: dict[Tensor, Array] = {}
        self.rng, self.values = random.Random(seed), np.random.default_rng(seed)
        self.steps, self.width, self.units = steps, width, units
        self.x = Tensor("x", (steps, 1, width), DType.INT8, quant(0.05, 3))
        self.operators: list[Operator] = []
        self.serial = 0

    def parts(self, whole: Tensor) -> list[Tensor]:
        made = [Tensor(f"{whole.name}_{t}", whole.shape[1:], whole.dtype, whole.quant) for t in range(whole.shape[0])]
        self.operators.append(Operator("UNPACK", (whole,), made, {"num": len(made), "axis": 0}))
        return made

    def tensor(self, name: str, like: Quant | None = None) -> Tensor:
        self.serial += 1
        scales = like or quant(self.rng.uniform(0.05, 0.1), self.rng.randint(-20, 20))
        return Tensor(f"{name}_{self.serial}", (1, self.units), DType.INT8, scales)

    def weights(self, depth: int) -> Tensor:
        self.serial += 1
        data = self.values.integers(-127, 127, (self.units, depth), np.int8, endpoint=True)
        scales = Quant(tuple(self.rng.uniform(0.002, 0.006) for _ in range(self.units)), (0,) * self.units, 0)
        made = Tensor(f"w_{self.serial}", data.shape, DType.INT8, scales, data)
        self.biases[made] = self.values.uniform(-0.3, 0.3, self.units)
        return made

    def dense(self, x: Tensor, w: Tensor) -> Tensor:
        self.serial += 1
        assert w.quant is not None
        steps = np.rint(self.biases[w] / (np.float32(x.scale) * np.array(w.quant.scale, np.float32))).astype(np.int32)
        if self.any_bias:
            steps = self.values.integers(-900, 900, self.units, np.int32)
        bias = Tensor(f"b_{self.serial}", (self.units,), DType.INT32, None, steps)
        made = self.tensor("dense")
        self.operators.append(Operator("FULLY_CONNECTED", (x, w, bias), (made,), {"fused_activation_function": "NONE"}))
        return made

    def layer(self, parts: list[Tensor], like: Quant | None = None) -> list[Tensor]:
        """The states of a layer, in the order in which it takes the parts; the first step is simpler, as converters
        leave it."""
        w, r = self.weights(parts[0].elements), self.weights(self.units)
        made = [self.dense(parts[0], w)] if like is None else []
        if not made:
            self.operators.append(
                Operator("QUANTIZE", (self.dense(parts[0], w),), (first := self.tensor("first", like),))
            )
            made.append(first)
        for part in parts[1:]:
            x, h, y = self.dense(part, w), self.dense(made[-1], r), self.tensor("state", like)
            self.operators.append(Operator("ADD", (x, h), (y,), {"fused_activation_function": "RELU"}))
            made.append(y)
        return made

    def add(self, builtin: str, inputs: tuple[Tensor, ...], like: Quant | None = None, **options: object) -> Tensor:
        made = self.tensor(builtin.lower(), like)
        named = {"fused_activation_function": "NONE"} if builtin in ("ADD", "SUB", "MUL") else None
        self.operators.append(Operator(builtin, inputs, (made,), {**(named or {}), **options} or None))
        return made

    def split(self, x: Tensor, how: str) -> list[Tensor]:
        """A row of three gates apart, as converters do of inputs, and of states."""
        axis = Tensor("axis", (), DType.INT32, None, np.array(1, np.int32))
        gates = [self.tensor("gate", x.quant) for _ in range(3)]
        if how == "SPLIT":
            self.operators.append(Operator("SPLIT", (axis, x), gates, {"num_splits": 3}))
            return gates
        for i, gate in enumerate(gates):
            ends = [(0, i * self.units), (0, (i + 1) * self.units), (1, 1)]
            numbers = [
                Tensor(f"n{self.serial}_{i}_{j}", (2,), DType.INT32, None, np.array(v, np.int32))
                for j, v in enumerate(ends)
            ]
            options = {"begin_mask": 1, "end_mask": 1}
            self.operators.append(Operator("STRIDED_SLICE", (x, *numbers), (gate,), options))
        return gates

    def gru(self, parts: list[Tensor]) -> list[Tensor]:
        """The states of a GRU, as Keras has it: reset after the product."""
        bit, sigmoid, tangent = quant(1 / 255, -128), quant(1 / 256, -128), quant(1 / 128, 0)
        one = Tensor("one", (), DType.INT8, bit, np.array(127, np.int8))
        self.units *= 3
        w, r = self.weights(parts[0].elements), self.weights(self.units // 3)
        self.units //= 3
        state = self.weights(parts[0].elements)
        made = [self.add("TANH", (self.dense(parts[0], state),), tangent)]
        for part in parts[1:]:
            self.units *= 3
            rows = self.dense(part, w), self.dense(made[-1], r)
            self.units //= 3
            (xz, xr, xh), (hz, hr, hh) = self.split(rows[0], "SPLIT"), self.split(rows[1], "STRIDED_SLICE")
            z = self.add("LOGISTIC", (self.add("ADD", (xz, hz)),), sigmoid)
            reset = self.add("LOGISTIC", (self.add("ADD", (xr, hr)),), sigmoid)
            new = self.add("TANH", (self.add("ADD", (xh, self.add("MUL", (reset, hh)))),), tangent)
            kept, fresh = self.add("MUL", (z, made[-1])), self.add("MUL", (self.add("SUB", (one, z)), new))
            made.append(self.add("ADD", (kept, fresh), quant(self.rng.uniform(0.007, 0.008), self.rng.randint(-3, 3))))
        return made

    def packed(self, parts: list[Tensor]) -> Tensor:
        self.serial += 1
        whole = Tensor(f"all_{self.serial}", (len(parts), *parts[0].shape), DType.INT8, parts[0].quant)
        self.operators.append(Operator("PACK", parts, (whole,), {"values_count": len(parts), "axis": 0}))
        return whole

    def file(self, *outputs: Tensor) -> bytes:
        order = list(self.operators)
        return write_model(order, [self.x], outputs)


def last_state() -> bytes:
    net = Unrolled(9)
    return net.file(net.layer(net.parts(net.x))[-1])


def any_bias() -> bytes:
    net = Unrolled(9, any_bias=True)
    return net.file(net.layer(net.parts(net.x))[-1])


def all_states() -> bytes:
    net = Unrolled(9, seed=1)
    return net.file(net.packed(net.layer(net.parts(net.x), quant(0.08, 2))))


def backwards() -> bytes:
    net = Unrolled(8, width=8, units=8, seed=2)
    return net.file(net.packed(net.layer(net.parts(net.x)[::-1], quant(0.08, 2))[::-1]))


def both_ways() -> bytes:
    net = Unrolled(8, seed=3)
    parts = net.parts(net.x)
    return net.file(net.layer(parts)[-1], net.layer(parts[::-1])[-1])


def stacked() -> bytes:
    net = Unrolled(10, seed=4)
    first = net.layer(net.parts(net.x))
    return net.file(net.layer(first)[-1])


def stacked_through_a_sequence() -> bytes:
    net = Unrolled(10, seed=5)
    first = net.packed(net.layer(net.parts(net.x), quant(0.08, 0)))
    return net.file(net.layer(net.parts(first))[-1])


def some_states() -> bytes:
    net = Unrolled(9, seed=6)
    states = net.layer(net.parts(net.x))
    return net.file(states[3], states[5], states[8])


MODELS = {
    f.__name__: (f, loops)
    for f, loops in (
        (last_state, 1),
        (any_bias, 1),
        (all_states, 1),
        (backwards, 1),
        (both_ways, 2),
        (stacked, 1),
        (stacked_through_a_sequence, 2),
        (some_states, 1),
    )
}


def loops_of(graph: Graph) -> list[Repeat]:
    return [n.op for n in graph.nodes if isinstance(n.op, Repeat)]


@pytest.mark.parametrize("name", MODELS)
def test_rolled_networks_equal_tflm(name: str) -> None:
    make, loops = MODELS[name]
    data = make()
    graph = load(data, name)
    rolled = prepare(graph)
    found = loops_of(rolled)
    assert len(found) == loops
    steps = graph.inputs[0].shape[0]
    assert all(steps - 2 <= op.count < steps for op in found)
    assert len(rolled.nodes) < len(graph.nodes) / 2
    x = [np.random.default_rng(i).integers(-128, 127, graph.inputs[0].shape, np.int8, endpoint=True) for i in range(20)]
    want = run_tflm(data, [(one,) for one in x])
    for how in ({"sanitize": True, "optimise": "-O1"}, {}):
        (ours,) = host.load([graph], **how)
        for got, expected in zip(ours.run_many(np.stack(x)), want, strict=True):
            assert got.tolist() == expected.tolist()


@pytest.mark.cores(one_in=2)
def test_the_board_agrees(virt: Board) -> None:
    for make in (all_states, both_ways):
        self_check(compile_graph(load(make(), "rolled"), virt, "rolled"), "zig")


def test_what_a_loop_looks_like() -> None:
    (op,) = loops_of(roll_recurrence(load(last_state(), "net")))
    (body,) = op.bodies
    assert [n.op.title for n in body.nodes] == ["Copy", "FULLY_CONNECTED", "FULLY_CONNECTED", "ADD"]
    assert (op.count, op.reads, op.writes) == (8, (Part(3, 3),), ())
    assert len(body.states) == 1
    assert [len(op.rounds_of(n)) for n in body.nodes] == [0, 8, 8, 8]


def kernels_in_loops(graph: Graph) -> set[str]:
    walked = choose(prepare(graph)).walk()
    return {call.kernel.function for _, call, runs in walked if isinstance(call, Call) and runs > 1}


def test_dense_layers_keep_a_few_numbers_a_round() -> None:
    assert kernels_in_loops(load(last_state(), "net")) == {"fully_connected_rounds_s8", "add_s8", "copy_bytes"}
    assert kernels_in_loops(load(any_bias(), "net")) == {"fully_connected_s8", "add_s8", "copy_bytes"}


def test_many_steps_take_few_bytes_each() -> None:
    net = Unrolled(100, width=8, units=16, seed=12)
    proved = compile_graph(load(net.file(net.layer(net.parts(net.x))[-1]), "net"), board("virt-m4"), "net")
    assert proved.image.flash.tables < 60 * 99 + 2000  # bytes; 16 multipliers and biases alone would take 256 a round
    self_check(proved, "zig")


def test_a_gru_of_128_steps_takes_little() -> None:
    net = Unrolled(128, width=8, units=16, seed=13)
    data = net.file(net.gru(net.parts(net.x))[-1])
    graph = load(data, "gru")
    assert len(graph.nodes) > 2000
    x = [np.random.default_rng(i).integers(-128, 127, graph.inputs[0].shape, np.int8, endpoint=True) for i in range(6)]
    (ours,) = host.load([graph])
    assert ours.run_many(np.stack(x))[0].tolist() == run_tflm(data, [(v,) for v in x], 8 << 20)[0].tolist()
    proved = compile_graph(graph, board("virt-m4"), "gru")
    self_check(proved, "zig")
    flash, ram = proved.image.flash, proved.image.ram
    # Bytes, which may only fall; of the RAM, 1,024 are the input.
    assert flash.code + flash.weights + flash.tables <= 28_600
    assert flash.weights <= 2_850
    assert proved.plan.arena <= 1_168
    assert ram.total <= 1_272


def test_memory_does_not_grow_with_the_steps() -> None:
    arenas = []
    for steps in (20, 60):
        net = Unrolled(steps, seed=7)
        graph = load(net.file(net.layer(net.parts(net.x))[-1]), "net")
        arenas.append(plan(choose(prepare(graph))).arena - graph.inputs[0].nbytes)
    assert abs(arenas[1] - arenas[0]) < 8


def test_a_thousand_steps_are_rolled_quickly() -> None:
    net = Unrolled(1000, seed=8)
    (op,) = loops_of(roll_recurrence(load(net.file(net.layer(net.parts(net.x))[-1]), "net")))
    assert op.count == 999


def test_steps_that_do_not_need_each_other_stay() -> None:
    net = Unrolled(8, seed=9)
    w = net.weights(net.width)
    graph = load(net.file(*[net.dense(part, w) for part in net.parts(net.x)]), "net")
    assert roll_recurrence(graph) is graph


def test_too_few_steps_stay() -> None:
    net = Unrolled(4, seed=10)
    graph = load(net.file(net.layer(net.parts(net.x))[-1]), "net")
    assert roll_recurrence(graph) is graph


def test_a_step_that_is_not_like_the_others_ends_the_loop() -> None:
    net = Unrolled(12, seed=11)
    parts = net.parts(net.x)
    first = net.layer(parts[:6])
    w, r = net.weights(net.width), net.weights(net.units)
    states = [first[-1]]
    for part in parts[6:]:
        a, b, y = net.dense(part, w), net.dense(states[-1], r), net.tensor("state")
        net.operators.append(Operator("ADD", (b, a), (y,), {"fused_activation_function": "NONE"}))
        states.append(y)
    data = net.file(states[-1])
    graph = load(data, "net")
    assert [op.count for op in loops_of(roll_recurrence(graph))] == [5, 6]
    x = np.random.default_rng(0).integers(-128, 127, (5, *graph.inputs[0].shape), np.int8)
    (ours,) = host.load([graph], sanitize=True)
    assert ours.run_many(x)[0].tolist() == run_tflm(data, [(one,) for one in x])[0].tolist()


def test_no_pass_changes_the_nodes_of_a_loop_whose_rounds_differ() -> None:
    once = prepare(load(all_states(), "net"))
    again = prepare(once)
    assert [set(op.bodies[0].nodes) for op in loops_of(again)] == [set(op.bodies[0].nodes) for op in loops_of(once)]


def test_a_pass_that_changes_a_body_with_rounds_is_caught() -> None:
    rolled = roll_recurrence(load(last_state(), "net"))
    (node,) = (n for n in rolled.nodes if isinstance(n.op, Repeat))
    assert isinstance(node.op, Repeat)
    (body,) = node.op.bodies
    changed = replace(body, nodes=tuple(replace(n) for n in body.nodes))
    with pytest.raises(AssertionError):
        replace(node.op, bodies=(changed,)).check(node)


def test_a_first_step_that_reads_its_own_round_is_not_in_the_loop() -> None:
    net = Unrolled(10, seed=14)
    w, r = net.weights(net.width), net.weights(net.units)
    parts = net.parts(net.x)
    state = net.dense(parts[0], w)  # the first state is what the first step makes of its own part
    for i, part in enumerate(parts):
        x = net.dense(part, w)
        h = net.dense(x if i == 0 else state, r)
        state = net.tensor("state")
        net.operators.append(Operator("ADD", (x, h), (state,), {"fused_activation_function": "NONE"}))
    data = net.file(state)
    graph = load(data, "net")
    assert [op.count for op in loops_of(prepare(graph))] == [9]
    x = np.random.default_rng(0).integers(-128, 127, (5, *graph.inputs[0].shape), np.int8)
    (ours,) = host.load([graph], sanitize=True)
    assert ours.run_many(x)[0].tolist() == run_tflm(data, [(one,) for one in x])[0].tolist()


def any_steps(seed: int) -> bytes:
    """Steps that add up parts, each other and what steps before made, from a random pattern with random exceptions."""
    rng = random.Random(f"steps {seed}")
    net = Unrolled(rng.randint(5, 14), width=rng.choice((3, 8)), seed=seed)
    net.units = net.width
    parts = net.parts(net.x)
    if rng.random() < 0.3:
        parts = parts[::-1]
    size = rng.randint(1, 4)
    pattern = [[(rng.choice("xsb"), rng.randrange(4), rng.choice((1, 1, 1, 2))) for _ in range(2)] for _ in range(size)]
    like = quant(0.08, 1) if rng.random() < 0.4 else None
    steps: list[list[Tensor]] = []
    for t, part in enumerate(parts):
        now: list[Tensor] = []
        for ends in pattern:
            if rng.random() < 0.03:  # not as the pattern has it
                ends = [("x", 0, 1), ends[1]]

            def end(
                kind: str, index: int, lag: int, t: int = t, part: Tensor = part, now: list[Tensor] = now
            ) -> Tensor:
                if kind == "s" and now:
                    return now[index % len(now)]
                if kind == "b" and t >= lag:
                    return steps[t - lag][index % size]
                return part

            now.append(net.add("ADD", (end(*ends[0]), end(*ends[1])), like))
        steps.append(now)
    outputs = {steps[-1][-1]: None, **{rng.choice(rng.choice(steps)): None for _ in range(rng.randint(0, 2))}}
    if like and rng.random() < 0.7:
        row = [now[rng.randrange(size) if rng.random() < 0.1 else 0] for now in steps]
        outputs[net.packed(row[::-1] if rng.random() < 0.3 else row)] = None
    return net.file(*outputs)


def test_any_steps_equal_tflm() -> None:
    models = [any_steps(seed) for seed in range(60)]
    graphs = [load(data, f"net{i}") for i, data in enumerate(models)]
    assert sum(bool(loops_of(roll_recurrence(graph))) for graph in graphs) > 20
    for data, graph, ours in zip(models, graphs, host.load(graphs, sanitize=True, optimise="-O0"), strict=True):
        x = np.random.default_rng(0).integers(-128, 127, (3, *graph.inputs[0].shape), np.int8, endpoint=True)
        for got, want in zip(ours.run_many(x), run_tflm(data, [(one,) for one in x]), strict=True):
            assert got.tolist() == want.tolist(), graph.name
