"""Streams whose values are easy to tell otherwise: what tests of rings, stages and plans build applications of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, DType, Kernel, Node, Op, Params, quant
from motes.stream import Memory, Stream, step

LABELS = ("fourth", "odd")
MODULUS = 999_983
WORD = ((1,), DType.INT32, None)


@dataclass(frozen=True)
class Sum(Op):
    """The sum of everything in a window, modulo 1,000,003."""

    kernels = (Kernel("sum", "sums.h"),)
    spin: int = 0

    def params(self, node: Node) -> Params:
        x = node.input(0)
        return {"count": x.elements, "size": x.dtype.size, "spin": self.spin}


@dataclass(frozen=True)
class Total(Op):
    """The sum of all items so far, modulo `MODULUS`."""

    kernels = (Kernel("total", "sums.h", in_place=lambda node: ((1, 1),)),)

    def params(self, node: Node) -> Params:
        return {"modulus": MODULUS}


@dataclass(frozen=True)
class Parity(Op):
    """A decision about a number."""

    kernels = (Kernel("parity", "sums.h"),)


def total(window: Stream, spins: Sequence[int] = (0,)) -> Stream:
    """The total of all windows' sums, behind one call for each of `spins`, which waste so many rounds."""
    found = window
    for spin in spins:
        found = step("sum", Sum(spin), [found], WORD)
    return step("total", Total(), [found], WORD, memory=[Memory("past", np.zeros(1, np.int32))])


def parity(stream: Stream) -> Stream:
    """A decision about each item."""
    return step("parity", Parity(), [stream], ((2,), DType.INT32, quant(1.0, 0)), labels=LABELS)


def windows(items: Array, length: int, stride: int) -> list[Array]:
    """Every whole window of items."""
    return [items[i : i + length] for i in range(0, len(items) - length + 1, stride)]


def totals(found: Sequence[Array]) -> Array:
    """What `total` makes of windows."""
    sums = [int(np.sum(w.astype(np.int64)) % (1 << 32) % 1000003) for w in found]
    return np.array([s % MODULUS for s in np.cumsum(np.array(sums, np.int64))], np.int32)


def decided(values: Array) -> list[tuple[int, int]]:
    """(item, label) of what `parity` reports."""
    return [(i, v % 2) for i, v in enumerate(values.tolist()) if v % 4 != 2]
