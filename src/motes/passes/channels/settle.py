"""Forward: between which values every channel lies, and what follows where only one value is left."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from motes.intervals import Interval
from motes.ir import Array, DType, Graph, Node, Tensor
from motes.ops.reshape.op import Reshape

TYPES = (DType.INT8, DType.UINT8, DType.INT16)
"""Those of tensors that have an interval."""


def settle(graph: Graph) -> tuple[Graph, dict[Tensor, Interval]]:
    """(the graph with constants for what is always the same, the interval of each tensor of one of `TYPES`).

    What enters the graph may have any value of its type. An output that is constant is copied from flash.
    """
    ends = {*graph.outputs, *(state.write for state in graph.states)}
    known: dict[Tensor, Tensor] = {}
    intervals: dict[Tensor, Interval] = {}
    nodes: list[Node] = []
    for node in graph.nodes:
        if not known.keys().isdisjoint(node.inputs):
            node = dataclasses.replace(node, inputs=tuple(t and known.get(t, t) for t in node.inputs))
        found = [interval_of(t, intervals) for t in node.inputs]
        values = node.op.fold(node)
        if values is None:
            made = _intervals(node, found)
            typed = {t: i or _any(t) for t, i in zip(node.outputs, made, strict=True) if t.dtype in TYPES}
            intervals |= typed
            if typed and len(typed) == len(made) and all(i.constant.all() for i in typed.values()):
                values = tuple(_filled(t, i.low) for t, i in typed.items())
        if values is None:
            nodes.append(node)
        elif ends.isdisjoint(node.outputs):
            known |= {t: dataclasses.replace(t, data=v) for t, v in zip(node.outputs, values, strict=True)}
        else:
            nodes.append(_copied(node, values))
            intervals |= {t: Interval.of(v) for t, v in zip(node.outputs, values, strict=True) if t.dtype in TYPES}
    return dataclasses.replace(graph, nodes=tuple(nodes)), intervals


def interval_of(tensor: Tensor | None, intervals: Mapping[Tensor, Interval]) -> Interval | None:
    """The interval of an input of a node: None where it is absent, or not of one of `TYPES`."""
    if tensor is None or tensor.dtype not in TYPES:
        return None
    if tensor.data is not None:
        return Interval.of(tensor.data)
    return intervals.get(tensor) or _any(tensor)


def channels(tensor: Tensor) -> int:
    """How many there are along the last axis; a scalar has one."""
    return tensor.shape[-1] if tensor.shape else 1


def spread(tensor: Tensor, values: Array) -> Array:
    """An array of the tensor's shape, of one value for each channel."""
    return np.broadcast_to(values, tensor.shape or (1,)).reshape(tensor.shape)


def _any(tensor: Tensor) -> Interval:
    """Of any value of the tensor's type."""
    info = np.iinfo(tensor.dtype.numpy)
    return Interval(*(np.full(channels(tensor), end, np.int64) for end in (info.min, info.max)))


def _intervals(node: Node, inputs: Sequence[Interval | None]) -> Sequence[Interval | None]:
    """Of the outputs of a node."""
    if node.op.flow(node) == "moved":
        return _moved(node, inputs)
    single = len(node.outputs) == 1 and node.output.dtype in TYPES
    return [node.op.interval(node, inputs)] if single else [None] * len(node.outputs)


def _moved(node: Node, inputs: Sequence[Interval | None]) -> Sequence[Interval | None]:
    """Of an operator that only moves elements: it moves the least ones and the largest ones alike."""
    moving = [(t, i) for k, (t, i) in enumerate(zip(node.inputs, inputs, strict=True)) if k not in node.op.folded]
    if any(t is not None and i is None for t, i in moving):
        return [None] * len(node.outputs)
    sides = []
    for side in ("low", "high"):
        ends = {t: _filled(t, getattr(i, side)) for t, i in moving if t is not None}
        made = node.op.fold(with_values(node, ends))
        assert made is not None, node
        sides.append([Interval.of(v) for v in made])
    return [Interval(least.low, most.high) for least, most in zip(*sides, strict=True)]


def with_values(node: Node, values: dict[Tensor, Array]) -> Node:
    """The node with constants for some of its inputs."""
    inputs = (t if t not in values else dataclasses.replace(t, data=values[t]) for t in node.inputs)
    return dataclasses.replace(node, inputs=tuple(inputs))


def _filled(tensor: Tensor, values: Array) -> Array:
    """The tensor where each channel has one value."""
    return np.ascontiguousarray(spread(tensor, values), tensor.dtype.numpy).reshape(tensor.shape)


def _copied(node: Node, values: Sequence[Array]) -> Node:
    """A node that copies its only output from a constant; one with more outputs stays."""
    if len(node.outputs) != 1 or (isinstance(node.op, Reshape) and node.input(0).data is not None):
        return node
    value = dataclasses.replace(node.output, name=f"{node.output.name}_value", data=values[0])
    return dataclasses.replace(node, op=Reshape(), inputs=(value,))
