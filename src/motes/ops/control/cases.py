"""Generated test cases of IF and WHILE."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from motes.ir import Array, DType, Tensor, quant
from motes.ops.case import Body, Case
from motes.ops.control.op import While

COUNT = 60
QUANTIZED = {DType.INT8: quant(0.5, 3), DType.INT16: quant(0.25, 0)}
SHAPES = ((1,), (3,), (2, 5), (1, 4, 3))


def cases() -> Iterator[Case]:
    """Bodies that add, pass inputs on, swap them, return constants or one tensor twice, and do nothing at all."""
    for seed in range(COUNT):
        yield _choice(random.Random(f"if {seed}"), f"if_{seed}")
    for seed in range(COUNT):
        yield _loop(random.Random(f"while {seed}"), f"while_{seed}", While.types[seed % len(While.types)])


def _tensor(name: str, dtype: DType, shape: Sequence[int], data: Array | None = None) -> Tensor:
    return Tensor(name, tuple(shape), dtype, QUANTIZED.get(dtype), data)


def _constant(rng: random.Random, like: Tensor, name: str) -> Tensor:
    values = np.random.default_rng(rng.getrandbits(64)).integers(0, 2 if like.dtype is DType.BOOL else 100, like.shape)
    return replace(like, name=name, data=values.astype(like.dtype.numpy))


def _add(name: str, a: Tensor, b: Tensor) -> Case:
    options = {"fused_activation_function": 0, "pot_scale_int16": False}
    return Case(name, "ADD", options, (a, b), (replace(a, name=f"{name}_sum", data=None),))


def _choice(rng: random.Random, name: str) -> Case:
    """Between two bodies that take and return tensors of one type and shape."""
    dtype = rng.choice((DType.INT8, DType.INT8, DType.FLOAT32, DType.INT32))
    count, made = rng.randint(1, 3), rng.randint(1, 3)
    x = _tensor("x", dtype, rng.choice(SHAPES))
    condition = _tensor("condition", DType.BOOL, rng.choice(((), (1,), (1, 1))))
    inputs = [replace(x, name=f"x{i}") for i in range(count)]
    if count > 1 and rng.random() < 0.4:  # weights, say, that both branches are handed
        inputs[-1] = _constant(rng, x, "known")
    outputs = tuple(replace(x, name=f"y{i}") for i in range(made))
    bodies = tuple(_branch(rng, f"{name}_{branch}", x, count, made) for branch in ("then", "else"))
    options = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    return Case(name, "IF", options, (condition, *inputs), outputs, bodies=bodies)


def _branch(rng: random.Random, name: str, like: Tensor, count: int, made: int) -> Body:
    inputs = tuple(replace(like, name=f"{name}_in{i}") for i in range(count))
    known, operators = [*inputs], []
    for i in range(rng.randint(0, 4)):
        a, b = rng.choice(known), rng.choice((*known, _constant(rng, like, f"{name}_c{i}")))
        operators.append(_add(f"{name}_{i}", a, b))
        known.append(operators[-1].outputs[0])
    pool = (*known, *known[-2:], _constant(rng, like, f"{name}_constant"))
    return Body(tuple(operators), inputs, tuple(rng.choice(pool) for _ in range(made)))


def _loop(rng: random.Random, name: str, dtype: DType) -> Case:
    """A queue of booleans: the loop runs until the first of them is false, and false is what comes in behind."""
    shape = rng.choice(SHAPES)
    flags = tuple(_tensor(f"flag{i}", DType.BOOL, rng.choice(((), (1,)))) for i in range(rng.randint(1, 4)))
    numbers = dtype in (DType.INT8, DType.INT32, DType.FLOAT32)
    data = tuple(_tensor(f"x{i}", dtype, shape) for i in range(rng.randint(1, 3)))
    if len(data) > 1 and rng.random() < 0.3:
        data = (*data[:-1], _constant(rng, data[-1], "known"))
    ends = (*data, *flags)
    inside = tuple(replace(t, name=f"{name}_{t.name}", data=None) for t in ends)
    operators: list[Case] = []
    known = [*inside[: len(data)]]
    for i in range(rng.randint(0, 3) if numbers else 0):
        a, b = rng.choice(known), rng.choice((*known, _constant(rng, known[0], f"{name}_c{i}")))
        operators.append(_add(f"{name}_{i}", a, b))
        known.append(operators[-1].outputs[0])
    outputs = [rng.choice((*known, known[-1], _constant(rng, known[0], f"{name}_new"))) for _ in data]
    if data[-1].data is not None:
        outputs[-1] = inside[len(data) - 1]
    off = replace(flags[0], name=f"{name}_off", data=np.zeros(flags[0].shape, np.bool_))
    body = Body(tuple(operators), inside, (*outputs, *inside[len(data) + 1 :], off))
    asked = tuple(replace(t, name=f"{name}_asked_{t.name}", data=None) for t in ends)
    condition = Body((), asked, (asked[len(data)],))
    made = tuple(replace(t, name=f"{t.name}_out", data=None) for t in ends)
    options = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    return Case(name, "WHILE", options, ends, made, bodies=(condition, body))
