"""Functions of one byte in a loop whose rounds differ in the input's scale: one table for all of them.

A table of 256 outputs would be another one in each round. But a rising function of a real number, such as a sigmoid, is
the same in all of them, and known by the places where its rounded output changes. These follow from the tables of the
rounds themselves, which agree on them or not: where they do, every output is the one that the round's own table has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from motes.ir import Array, DType, Kernel, Node, Params


def steps_kernel(table: Callable[[Node], Array]) -> Kernel:
    """The kernel for nodes of int8 whose outputs, as bits by the input's bits, are `table(node)`."""
    return Kernel(
        "steps_s8",
        "steps_s8.h",
        fits=lambda node: node.input(0).dtype is node.output.dtype is DType.INT8,
        together=lambda rounds: _params(rounds, table),
        in_place=lambda node: ((0, 0),),
    )


def _params(rounds: Sequence[Node], table: Callable[[Node], Array]) -> list[Params] | None:
    x = np.arange(-128, 128)
    outputs = np.array([table(node)[x & 255].view(np.int8) for node in rounds], np.int64)
    scales = np.array([node.input(0).scale for node in rounds], np.float64)
    zeros = np.array([node.input(0).zero_point for node in rounds], np.int64)
    factors = np.floor(scales * 2.0 ** (31 - math.frexp(scales.max())[1])).astype(np.int64)
    at = (x - zeros[:, np.newaxis]) * factors[:, np.newaxis] >> 8  # 255 * factor: it fits an int32
    rise = 1 if outputs[0, -1] >= outputs[0, 0] else -1
    places = _places(at.ravel(), rise * outputs.ravel())
    if places is None or not factors.all():
        return None
    return [
        {
            "count": node.output.elements,
            "zero": int(zero),
            "factor": int(factor),
            "first": int(rise * (rise * outputs).min()),
            "rise": rise,
            "places": np.pad(places, (0, 255 - len(places)), constant_values=np.iinfo(np.int32).max),
        }
        for node, zero, factor in zip(rounds, zeros, factors, strict=True)
    ]


def _places(at: Array, values: Array) -> Array | None:
    """int32: where a rising function takes on its second value, its third and so on; None: it does not rise."""
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    steps = np.arange(values[0] + 1, values[-1] + 1)
    first = np.searchsorted(values, steps)  # of those that are large enough
    places = at[np.minimum(first, len(at) - 1)]
    known = values[0] + np.searchsorted(places, at, side="right")
    return places.astype(np.int32) if len(steps) and np.array_equal(known, values) else None
