"""Sizes that a file leaves open, for outputs of operators: those that fit where the batch is 1.

Converters write 1 for a size that they do not know. With an open batch that is mostly right, but not behind operators
that move other axes into the batch, or the batch into others: a dilated convolution over time, say.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from motes.errors import MotesError
from motes.ir import Tensor

MOST_OPEN = 2
"""Open sizes of all outputs of an operator that are looked for."""

SMALL = range(1, 33)
"""Sizes that are tried for one open size, beside those that the inputs have or tell."""

MOST_SIZES = 32
"""Inputs are asked for sizes until there are so many."""

MOST_TOLD = 8
"""Elements of an input that may tell sizes."""

Outputs = tuple[Tensor, ...]


def fitted(
    outputs: Outputs,
    signatures: Sequence[Sequence[int]],
    inputs: Iterable[Tensor | None],
    check: Callable[[Outputs], None],
) -> Outputs:
    """The outputs with open sizes of which the operator's check allows one only, or one that an input tells; as they
    are, where it allows these, none, or several.

    Args:
        signatures: of the outputs, with -1 for an open size; empty where no size is open.
        check: raises `MotesError` for outputs that do not fit.
    """
    places = [(n, axis) for n, signature in enumerate(signatures) for axis, size in enumerate(signature) if size == -1]
    places = [(n, axis) for n, axis in places if len(signatures[n]) == len(outputs[n].shape)]
    if not 0 < len(places) <= MOST_OPEN or _fits(outputs, check):
        return outputs
    inputs = tuple(inputs)
    found: list[Outputs] = []
    for sizes in itertools.product(_candidates(inputs, len(places) == 1), repeat=len(places)):
        shapes = [list(t.shape) for t in outputs]
        for (n, axis), size in zip(places, sizes, strict=True):
            shapes[n][axis] = size
        tried = tuple(replace(t, shape=tuple(shape)) for t, shape in zip(outputs, shapes, strict=True))
        if _fits(tried, check):
            found.append(tried)
    told = [tried for tried in found if any(_told(t.shape, x) for t in tried for x in inputs)]
    for fits in (told, found):
        if len(fits) == 1:
            return fits[0]
    return outputs


def _told(shape: tuple[int, ...], tensor: Tensor | None) -> bool:
    """Whether a tensor holds this shape, with -1 for what follows from the rest."""
    if tensor is None or tensor.data is None or tensor.data.dtype.kind != "i" or tensor.data.shape != (len(shape),):
        return False
    return all(int(told) in (-1, size) for told, size in zip(tensor.data, shape, strict=True))


def _candidates(inputs: Iterable[Tensor | None], alone: bool) -> list[int]:
    """Sizes that an open one may have, `alone` or beside another open one."""
    sizes = {1: None}
    for tensor in inputs:
        if tensor is not None and len(sizes) < MOST_SIZES:
            sizes |= dict.fromkeys(tensor.shape)
            if tensor.data is not None and tensor.data.size <= MOST_TOLD and tensor.data.dtype.kind == "i":
                sizes |= dict.fromkeys(int(v) for v in tensor.data.ravel() if v > 0)
    return sorted({*sizes, *(SMALL if alone else ())})


def _fits(outputs: Outputs, check: Callable[[Outputs], None]) -> bool:
    try:
        check(outputs)
    except MotesError:
        return False
    return True
