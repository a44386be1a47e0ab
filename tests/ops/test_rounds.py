"""Kernels for loops whose rounds differ in scales: exactly what each round alone would compute, or not used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import Array, DType, Graph, Kernel, Node, Op, Params, Quant, Tensor, quant
from motes.ops.control.op import Part, Repeat
from motes.ops.fully_connected.op import FullyConnected
from motes.ops.fully_connected.rounds import params_of_rounds
from motes.ops.fully_connected.sums import bias_of, rescaling
from motes.ops.steps import steps_kernel
from motes.program import Call
from motes.wellformed import verify

COUNT = 30


@dataclass(frozen=True)
class Curve(Op):
    """A function of real numbers over int8, by a table in each round, or by its steps in all."""

    kernels = (
        Kernel("table_s8", "table_s8.h", params=lambda n: n.op.params(n), untyped=True),
        steps_kernel(lambda n: n.op.table(n)),
    )
    kind: str

    def table(self, node: Node) -> Array:
        x, y = node.input(0), node.output
        real = (np.arange(256, dtype=np.uint8).view(np.int8) - float(x.zero_point)) * x.scale
        value = {"tanh": np.tanh, "falls": lambda r: 1 / (1 + np.exp(r)), "waves": np.sin, "zero": np.zeros_like}
        return np.clip(np.rint(value[self.kind](real) / y.scale), -128, 127).astype(np.int8).view(np.uint8)

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements, "table": self.table(node)}


def rounds_of(kind: str, seed: int = 0) -> list[Node]:
    rng = np.random.default_rng(seed)
    x, y = Tensor("x", (8,), DType.INT8), Tensor("y", (8,), DType.INT8, quant(1 / 128, 0))
    scales = [
        quant(float(np.float32(s)), int(z))
        for s, z in zip(rng.uniform(0.005, 0.08, COUNT), rng.integers(-90, 90, COUNT), strict=True)
    ]
    return [Node("curve", Curve(kind), (Tensor("x", x.shape, x.dtype, q),), (y,)) for q in scales]


def loop_over(rounds: list[Node]) -> Graph:
    """A loop that takes a row and gives a row in each round."""
    first = rounds[0]
    size, made = first.input(0).nbytes, first.output.nbytes
    x, y = Tensor("rows", (len(rounds), size), DType.INT8), Tensor("made", (len(rounds), made), DType.INT8)
    body = Graph("body", first.inputs[:1], first.outputs, (first,))  # type: ignore[arg-type]
    op = Repeat((body,), len(rounds), (Part(0, size),), (Part(0, made),), {first: tuple(rounds)})
    return verify(Graph("loop", (x,), (y,), (Node("loop", op, (x,), (y,)),)))


def kernel_in(graph: Graph) -> str:
    (kernel,) = (c.kernel.function for _, c, _ in choose(graph).walk() if isinstance(c, Call))
    return kernel


@pytest.mark.parametrize(
    ("kind", "kernel"), [("tanh", "steps_s8"), ("falls", "steps_s8"), ("waves", "table_s8"), ("zero", "table_s8")]
)
def test_curves(kind: str, kernel: str) -> None:
    rounds = rounds_of(kind)
    graph = loop_over(rounds)
    assert kernel_in(graph) == kernel
    (ours,) = host.load([graph], sanitize=True)
    x = np.random.default_rng(1).integers(-128, 127, (32, COUNT, 8), np.int8, endpoint=True)
    x[:2] = np.array([-128, 127], np.int8)[:, np.newaxis, np.newaxis]
    (got,) = ours.run_many(x)
    for i, node in enumerate(rounds):
        want = Curve(kind).table(node)[x[:, i].view(np.uint8)].view(np.int8)
        assert got[:, i].tolist() == want.tolist()


def dense(seed: int, *, bias: str, per_unit: bool = True, units: int = 6) -> list[Node]:
    """One layer in rounds of very different scales."""
    rng = np.random.default_rng(seed)
    data = rng.integers(-127, 127, (units, 8), np.int8, endpoint=True)
    scales = np.float32(10.0 ** rng.uniform(-4, -1, units if per_unit else 1))
    scales[0] = np.float32(0) if bias == "zero" else scales[0]
    w = Tensor(
        "w", data.shape, DType.INT8, Quant(tuple(map(float, scales)), (0,) * len(scales), 0 if per_unit else None), data
    )
    real = rng.uniform(-3, 3, units)
    nodes = []
    for _ in range(COUNT):
        s = np.float32(10.0 ** rng.uniform(-2.5, -1.5))
        steps = {
            "real": lambda s=s: np.rint(real / (s * np.maximum(scales, np.float32(1e-9)))),
            "any": lambda: rng.integers(-5000, 5000, units),
            "same": lambda: np.arange(units) - 3,
            "zero": lambda: np.zeros(units),
        }[bias]()
        b = Tensor("b", (units,), DType.INT32, None, steps.astype(np.int32))
        x = Tensor("x", (8,), DType.INT8, quant(float(s), int(rng.integers(-128, 128))))
        y = Tensor(
            "y", (units,), DType.INT8, quant(float(np.float32(rng.uniform(0.01, 3))), int(rng.integers(-128, 128)))
        )
        nodes.append(Node("dense", FullyConnected("NONE"), (x, w, b), (y,)))
    return nodes


@pytest.mark.parametrize("bias", ["real", "same", "zero", "any"])
@pytest.mark.parametrize("per_unit", [True, False])
def test_dense_layers(bias: str, per_unit: bool) -> None:
    rounds = dense(3, bias=bias, per_unit=per_unit, units=16)
    looped = loop_over(rounds)
    assert kernel_in(looped) == ("fully_connected_s8" if bias == "any" else "fully_connected_rounds_s8")
    apart = [Graph(f"g{i}", n.inputs[:1], n.outputs, (n,)) for i, n in enumerate(rounds)]  # type: ignore[arg-type]
    ours, *theirs = host.load([looped, *apart], sanitize=True)
    x = np.random.default_rng(2).integers(-128, 127, (16, COUNT, 8), np.int8, endpoint=True)
    (got,) = ours.run_many(x)
    for i, one in enumerate(theirs):
        assert got[:, i].tolist() == one.run_many(x[:, i])[0].tolist()


def test_what_is_computed_is_what_tables_would_hold() -> None:
    fixed = 0
    for seed in range(40):
        rounds = dense(seed, bias="real", units=16)
        rows = params_of_rounds(rounds)
        if rows is None:  # more biases are one off than are noted
            continue
        fixed += len(rows[0]["fixes"])
        for node, row in zip(rounds, rows, strict=True):
            multipliers, shifts = rescaling(node)
            bias = (row["bias"].astype(np.int64) * row["bias_factor"] + (1 << row["bias_shift"] >> 1)) >> row[
                "bias_shift"
            ]
            for fix in row["fixes"][row["fix_start"] : row["fix_end"]].tolist():
                bias[fix >> 1] += 1 if fix & 1 else -1
            assert bias.tolist() == bias_of(node).tolist()
            assert len(multipliers) == len(shifts) == 16
    assert fixed


def test_weights_that_change_have_no_such_tables() -> None:
    a, b = dense(1, bias="same"), dense(2, bias="same")
    assert params_of_rounds(a[:3]) is not None
    assert params_of_rounds([a[0], b[0]]) is None
