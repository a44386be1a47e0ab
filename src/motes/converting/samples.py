"""Typical inputs: as users have them, and as a model takes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from motes import bounded
from motes.errors import BadInput
from motes.ir import Array

Samples: TypeAlias = tuple[Array, ...]
"""For each input of a model an array, samples first."""

Shape: TypeAlias = tuple[int | None, ...]

MOST_BYTES = 1 << 30
MOST = 1000
"""Samples that are used; ranges hardly change after a few hundred."""

REMEDY = "give an array, samples first, or an iterable of arrays, of tuples for several inputs"


def read_samples(data: object) -> Samples:
    """The samples, an array for each input; a batch axis of one is left as it is.

    Raises:
        BadInput: there are none, they are not numbers, or differ in shape.
    """
    if hasattr(data, "shape") and not isinstance(data, np.ndarray):
        data = np.asarray(data)
    if isinstance(data, np.ndarray):
        columns = [list(data[:MOST])] if data.ndim else []
    elif isinstance(data, Iterable) and not isinstance(data, str | bytes | dict):
        rows = [_row(item) for item in itertools.islice(data, MOST)]
        if len({len(row) for row in rows}) > 1:
            raise BadInput(f"data: some samples have more inputs than others; {REMEDY}")
        columns = [list(column) for column in zip(*rows, strict=True)]
    else:
        raise BadInput(f"data: {type(data).__name__} is no set of samples; {REMEDY}")
    if not columns or not columns[0]:
        raise BadInput(f"data: holds no samples; {REMEDY}")
    return tuple(_stacked(i, column) for i, column in enumerate(columns))


def read_file(path: Path) -> object:
    """The samples in an .npy file, or in an .npz file with an array for each input, in their order.

    Raises:
        BadInput: it cannot be read, or its arrays are not of one length.
    """
    arrays = bounded.arrays(path, MOST_BYTES)
    if len({x.shape[:1] for x in arrays}) != 1:
        raise BadInput(f"{path}: its arrays are not of one length; give each input as many samples")
    return arrays[0] if len(arrays) == 1 else list(zip(*arrays, strict=True))


def _row(item: object) -> tuple[Array, ...]:
    return tuple(np.asarray(x) for x in item) if isinstance(item, tuple | list) else (np.asarray(item),)


def _stacked(number: int, column: Sequence[Array]) -> Array:
    shapes = sorted({x.shape for x in column})
    if len(shapes) > 1:
        raise BadInput(f"data: input {number} is {list(shapes[0])} in one sample and {list(shapes[1])} in another")
    stacked = np.stack(column)
    if stacked.dtype.kind not in "fiub":
        raise BadInput(f"data: input {number} is {stacked.dtype}; give numbers")
    if stacked.dtype.kind == "f" and not np.isfinite(stacked).all():
        raise BadInput(f"data: input {number} has values that are not finite; leave those samples out")
    return stacked


def fit(where: str, known: Sequence[Shape | None], samples: Samples | None) -> list[tuple[int, ...]]:
    """The shapes of a model's inputs for a batch of one.

    Args:
        known: as the model says, batch first; None where it leaves a size, or the whole shape, open.

    Raises:
        BadInput: samples do not fit, or a size is open and there are no samples.
    """
    if samples is not None and len(samples) != len(known):
        raise BadInput(
            f"{where}: has {len(known)} inputs, data has {len(samples)}; give a tuple of {len(known)} a sample"
        )
    return [_fit(where, i, shape, None if samples is None else samples[i]) for i, shape in enumerate(known)]


def _fit(where: str, number: int, known: Shape | None, stacked: Array | None) -> tuple[int, ...]:
    words = "of any shape" if known is None else f"[{', '.join('?' if d is None else str(d) for d in known)}]"
    if stacked is None:
        if known is None or None in known[1:]:
            raise BadInput(f"{where}: its input {number} is {words}; give data, whose shape settles it")
        return (1, *(d for d in known[1:] if d is not None))
    given = stacked.shape[1:]
    if known is None:
        return (1, *given)
    if len(given) == len(known) and given[:1] == (1,):  # each sample is a batch of one
        given = given[1:]
    if len(given) != len(known) - 1 or any(w not in (None, g) for w, g in zip(known[1:], given, strict=True)):
        raise BadInput(f"{where}: its input {number} is {words}, a sample is {list(given)}; give all but the batch")
    return (1, *given)


def batched(
    samples: Samples | None, shapes: Sequence[tuple[int, ...]], types: Sequence[npt.DTypeLike]
) -> Samples | None:
    """The samples in these shapes, batch first, and types: (samples, *shape)."""
    if samples is None:
        return None
    return tuple(x.reshape(len(x), *s).astype(t) for x, s, t in zip(samples, shapes, types, strict=True))


def channels_last(x: Array, first: int) -> Array:
    """An array with its channels, the axis `first`, moved to the end."""
    return np.ascontiguousarray(np.moveaxis(x, first, -1))
