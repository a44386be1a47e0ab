"""Which channels of a node's tensors can only go together."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, DType, Node, Tensor
from motes.passes.channels.settle import channels, spread


@dataclass(frozen=True, eq=False)
class Tie:
    """Channel `i[k]` of x and channel `o[k]` of y belong together, for every k."""

    x: Tensor
    i: Array
    y: Tensor
    o: Array


def ties_of(node: Node) -> tuple[Tie, ...] | None:
    """The ties between inputs and outputs of a node; None where all channels may depend on all.

    An input without a tie matters to every channel of the outputs.
    """
    flow = node.op.flow(node)
    if flow == "moved":
        return _moved(node)
    if flow == "mixed":
        return None
    y = node.output
    every = np.arange(channels(y))
    parts = [x for x in node.pointers if channels(x) > 1 or every.size == 1]
    if any(channels(x) != every.size for x in parts):
        return None
    return tuple(Tie(x, every, y, every) for x in parts)


def _moved(node: Node) -> tuple[Tie, ...]:
    """Where elements that are numbered by input and channel get to."""
    parts = tuple(dict.fromkeys(node.pointers))
    firsts = np.cumsum([1, *map(channels, parts)])
    numbers = {x: spread(x, first + np.arange(channels(x))) for x, first in zip(parts, firsts, strict=False)}
    found = []
    for y, values in zip(node.outputs, numbered(node, numbers), strict=True):
        last = channels(y)
        pairs = np.unique(values.reshape(-1, last) * last + np.arange(last))
        source, o = np.divmod(pairs, last)
        for x, first in zip(parts, firsts, strict=False):
            own = (source >= first) & (source < first + channels(x))
            found.append(Tie(x, source[own] - first, y, o[own]))
    return tuple(found)


def numbered(node: Node, numbers: dict[Tensor, Array]) -> tuple[Array, ...]:
    """What a node that only moves elements makes of numbers from 1 on, int64; 0 is what it surrounds them with."""
    tensors = {t: dataclasses.replace(t, dtype=DType.INT64, quant=None) for t in (*numbers, *node.outputs)}
    inputs = tuple(
        dataclasses.replace(tensors[t], data=numbers[t].astype(np.int64)) if t in numbers else t for t in node.inputs
    )
    made = node.op.fold(dataclasses.replace(node, inputs=inputs, outputs=tuple(tensors[t] for t in node.outputs)))
    assert made is not None, node
    return made
