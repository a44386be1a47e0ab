"""Models with a loop that keeps a row in each round, as TensorFlow 2.21 writes the loops of recurrent layers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from motes.ir import Array, DType, Tensor, quant
from tflite_writer import Extras, Operator, Subgraph, write_model

NONE = {"fused_activation_function": "NONE"}


def numbers(name: str, *values: int, dtype: DType = DType.INT32) -> Tensor:
    return Tensor(name, (len(values),), dtype, None, np.array(values, dtype.numpy))


def scalar(name: str, value: int | None = None, dtype: DType = DType.INT32) -> Tensor:
    return Tensor(name, (), dtype, None, None if value is None else np.array(value, dtype.numpy))


def keeping_sums(
    shape: tuple[int, ...],
    *,
    dtype: DType = DType.FLOAT32,
    index: DType = DType.INT32,
    step: int = 1,
    size: int = -1,
    also_kept: bool = False,
    rounds: int | None = None,
    outputs: tuple[int, ...] = (1,),
    dense: bool = False,
) -> bytes:
    """A loop over the rows of x: h += x[i]; y = join(y[:i], h, y[i + step:]), as TensorFlow 2.21 writes it.

    Args:
        size: along the other axes of what is cut out; -1: all.
        also_kept: the rows before are read by something else, too.
        rounds: how many there are; None: one for each row.
        outputs: of the model: of i, y, h and x behind the loop.
        dense: what is added is the row of x times a matrix.
    """
    steps, rest = rounds or shape[0], shape[1:]
    scale = quant(0.5, 0) if dtype is DType.INT8 else None
    ends = [
        scalar("i", dtype=index),
        *(Tensor(n, s, dtype, scale) for n, s in (("y", shape), ("h", rest), ("x", shape))),
    ]
    i, y, h, x = (replace(t, name=f"in_{t.name}") for t in ends)
    row, joined = replace(y, name="row", shape=(1, *rest)), replace(y, name="joined")
    before, behind = replace(row, name="before"), replace(row, name="behind")
    after, now, h_after = replace(i, name="after"), replace(h, name="now"), replace(h, name="h_after")
    mixed, matrix = replace(h, name="mixed"), np.arange(rest[-1] ** 2 if dense else 1, dtype=np.float32) - 4
    from_i, from_after = (Tensor(n, (1,), index) for n in ("from_i", "from_after"))
    sizes, begins = (Tensor(n, (len(shape),), index) for n in ("sizes", "begins"))
    axis = {"axis": 0, **NONE}
    operators = [
        Operator("ADD", (i, scalar("step", step, index)), (after,), NONE),
        Operator("GATHER", (x, i), (now,), {"axis": 0}),
        Operator("ADD", (h, mixed if dense else now), (h_after,), NONE),
        Operator("RESHAPE", (i, numbers("one", 1)), (from_i,)),
        Operator("RESHAPE", (after, numbers("one_too", 1)), (from_after,)),
        Operator("RESHAPE", (h_after, numbers("row_shape", 1, *rest)), (row,)),
    ]
    if dense:
        weights = Tensor("weights", (rest[-1], rest[-1]), dtype, None, matrix.reshape(rest[-1], -1))
        operators.insert(2, Operator("FULLY_CONNECTED", (now, weights, None), (mixed,), NONE))
    if rest:
        operators += [
            Operator("CONCATENATION", (from_i, numbers("all", *(size for _ in rest), dtype=index)), (sizes,), axis),
            Operator("CONCATENATION", (from_after, numbers("first", *(0 for _ in rest), dtype=index)), (begins,), axis),
        ]
    else:
        sizes, begins = from_i, from_after
    operators += [
        Operator("SLICE", (y, numbers("start", *(0 for _ in shape), dtype=index), sizes), (before,)),
        Operator("SLICE", (y, begins, numbers("ends", *(-1 for _ in shape), dtype=index)), (behind,)),
        Operator("CONCATENATION", (before, row, behind), (joined,), axis),
    ]
    if also_kept:
        twice = replace(before, name="twice")
        operators.append(Operator("ADD", (before, before), (twice,), NONE))
        operators.append(Operator("SUB", (twice, twice), (replace(twice, name="none"),), NONE))
    asked = [replace(t, name=f"asked_{t.name}") for t in ends]
    less = Tensor("less", (), DType.BOOL)
    bodies = (
        Subgraph([Operator("LESS", (asked[0], scalar("steps", steps, index)), (less,))], asked, [less]),
        Subgraph(operators, [i, y, h, x], [after, joined, h_after, x]),
    )
    outs = [replace(t, name=f"out_{t.name}") for t in ends]
    first = [scalar("zero", 0, index), *(replace(t, data=np.zeros(t.shape, dtype.numpy)) for t in ends[1:3]), ends[3]]
    loop = Operator("WHILE", first, outs, {"cond_subgraph_index": 1, "body_subgraph_index": 2})
    open_sizes = {t: tuple(-1 for _ in shape) for t in (before, behind)}
    return write_model([loop], [ends[3]], [outs[k] for k in outputs], Extras(subgraphs=bodies, signatures=open_sizes))


def inputs(shape: tuple[int, ...], dtype: DType, count: int = 3) -> list[tuple[Array, ...]]:
    values = np.random.default_rng(1).integers(-8, 8, (count, *shape))
    return [(v.astype(dtype.numpy),) for v in values]
