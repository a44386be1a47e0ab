"""Inputs that operators want to be constants, where they are computed: the values that they may have.

Shapes around a node often leave one value only, or a few: an axis is one of few. A node stands for its forms, one for
each value that makes a difference; `passes.choose_operands` puts these in its place.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from motes.errors import MotesError, Unsupported
from motes.ir import Array, Node, Tensor

MOST_FORMS = 16
"""Forms of one node that are compiled."""
MOST_VALUES = 1 << 12
"""Values that are tried for one node."""


@dataclass(frozen=True)
class Form:
    """A node with constants for inputs that are computed.

    Attributes:
        values: what these inputs may hold where it is meant: each a list of arrays in the order of `unsettled`.
    """

    node: Node
    values: tuple[tuple[Array, ...], ...]


def unsettled(node: Node) -> tuple[int, ...]:
    """The inputs (by index) that are computed, while the operator wants constants."""
    there = ((i, node.inputs[i]) for i in node.op.folded if i < len(node.inputs))
    return tuple(i for i, tensor in there if tensor is not None and tensor.data is None)


def check(node: Node) -> None:
    """The operator's own check, of every form where inputs that it wants to be constants are computed.

    Raises:
        BadInput, Unsupported: as `Op.check` does; or no value, or too many, fit.
    """
    if unsettled(node):
        forms(node)
    else:
        node.op.check(node)


def forms(node: Node) -> tuple[Form, ...]:
    """The forms of a node with computed inputs, one at least.

    Raises:
        BadInput, Unsupported: as `Op.check` does of the last value that was tried, where none passes it.
        Unsupported: nothing is known about the values; or there are too many.
    """
    computed = unsettled(node)
    names = " and ".join(str(node.inputs[i]) for i in computed)
    if any(t.open for t in node.outputs) and not set(computed).isdisjoint(node.op.sizing):
        raise Unsupported(node, f"the size of {node.outputs[0]} is told by {names}, at run time", node.op.freeze)
    found: dict[Hashable, Form] = {}
    refused: MotesError = Unsupported(node, f"{names} is computed, but must be a constant", node.op.freeze)
    for count, values in enumerate(node.op.possible(node)):
        if count == MOST_VALUES or len(found) > MOST_FORMS:
            raise Unsupported(node, f"{names} is computed, and may mean too many things", node.op.freeze)
        if any(values[i].size != node.input(i).elements for i in computed):
            continue
        inputs = [_constant(t, values[i]) if t and i in computed else t for i, t in enumerate(node.inputs)]
        tried = dataclasses.replace(node, inputs=tuple(inputs))
        try:
            tried.op.check(tried)
        except MotesError as error:
            refused = error
            continue
        key = _key(tried)
        form = found.get(key, Form(tried, ()))
        found[key] = dataclasses.replace(form, values=(*form.values, tuple(values[i] for i in computed)))
    if not found:
        raise refused
    return tuple(found.values())


def lists_of_axes(tensor: Tensor, rank: int) -> Iterator[Array]:
    """Every list of axes, counted from either end, that a tensor may hold; none where it holds more than there are."""
    if tensor.elements > rank:
        return
    for axes in itertools.product(range(rank - 1, -rank - 1, -1), repeat=tensor.elements):
        yield np.array(axes, np.int64)


def shares(counts: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every way to put a part of each count in front, the rest behind: the parts in front."""
    # Beyond `MOST_VALUES` nobody asks for more.
    return itertools.product(*(range(min(n, MOST_VALUES) + 1) for n in counts))


def _constant(tensor: Tensor, value: Array) -> Tensor:
    return dataclasses.replace(tensor, data=value.astype(tensor.dtype.numpy).reshape(tensor.shape))


def _key(node: Node) -> Hashable:
    """What the kernel of a node is told: two forms that are alike in it are the same."""
    params = node.op.params(node)
    return tuple((k, v.tobytes() if isinstance(v, np.ndarray) else v) for k, v in sorted(params.items()))
