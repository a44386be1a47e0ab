"""How near a converted model is to its source: what quantization cost, and that nothing went astray."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from motes.build import host
from motes.converting.asking import Answer
from motes.errors import Unsupported
from motes.ir import Array, Graph, Tensor
from motes.names import printable


@dataclass(frozen=True)
class Agreement:
    """One output of a file, as Motes runs it on this machine, beside the source's on the same samples.

    Attributes:
        span: the source's largest value minus its smallest.
        max_error: the largest difference; both in the unit of the output.
        mean_error: the mean of all differences' absolute values.
        same_argmax: the share of rows, along the last axis, whose largest element is the same; None: of one element.
    """

    output: str
    span: float
    max_error: float
    mean_error: float
    same_argmax: float | None

    def __str__(self) -> str:
        same = "" if self.same_argmax is None else f"; the same element is the largest in {self.same_argmax:.1%}"
        return (
            f"{self.output} differs by {self.mean_error:.3g} on average, {self.max_error:.3g} at most, "
            f"of a span of {self.span:.3g}{same}"
        )

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dict(vars(self))


def agreement(graph: Graph, answer: Answer, where: str) -> tuple[Agreement, ...]:
    """For each output how near it is; none without samples.

    Raises:
        Unsupported: the file's outputs are not those of the source.
    """
    if not answer.inputs:
        return ()
    (compiled,) = host.load([graph], optimise="-O1")
    found = compiled.run_many(*(_quantized(x, t) for x, t in zip(answer.inputs, graph.inputs, strict=True)))
    compared = []
    for ours, theirs, tensor in zip(found, answer.outputs, graph.outputs, strict=True):
        name, mine = printable(tensor.origin or tensor.name), _real(ours, tensor)
        laid_out = list(_layouts(theirs.astype(np.float64), mine))
        if not laid_out:
            what = f"its output {name} is {list(theirs.shape[1:])}, but {list(mine.shape[1:])} after conversion"
            raise Unsupported(where, what, "report it to the makers of the converter")
        apart, wanted = min(((float(np.abs(mine - w).mean()), w) for w in laid_out), key=lambda pair: pair[0])
        same = float(np.mean(mine.argmax(-1) == wanted.argmax(-1))) if mine.shape[-1] > 1 else None
        compared.append(Agreement(name, float(np.ptp(wanted)), float(np.abs(mine - wanted).max()), apart, same))
    return tuple(compared)


def _quantized(x: Array, tensor: Tensor) -> Array:
    """Real values (samples, *shape) as the tensor's type."""
    if tensor.quant is None or x.dtype.kind != "f":
        return x.astype(tensor.dtype.numpy)
    info = np.iinfo(tensor.dtype.numpy)
    steps = np.rint(x / np.float32(tensor.scale)) + tensor.zero_point
    return np.asarray(np.clip(steps, info.min, info.max), tensor.dtype.numpy)


def _real(y: Array, tensor: Tensor) -> Array:
    if tensor.quant is None:
        return y.astype(np.float64)
    return np.asarray((y.astype(np.float64) - tensor.zero_point) * tensor.scale)


def _layouts(theirs: Array, ours: Array) -> Iterator[Array]:
    """The source's output in the shape of the file's: as it is, or with the channels last, as converters move them."""
    moved = np.moveaxis(theirs, 2, -1) if theirs.ndim > 3 else theirs
    for x, squeeze in product((theirs, moved), (False, True)):
        shaped = x.reshape(ours.shape) if squeeze and _squeezed(x) == _squeezed(ours) else x
        if shaped.shape == ours.shape:
            yield shaped


def _squeezed(x: Array) -> tuple[int, ...]:
    return tuple(size for size in x.shape if size > 1)
