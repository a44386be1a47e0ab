"""What a model is tried with: structured and random inputs from a seed, or those of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motes import bounded
from motes.errors import BadInput
from motes.ir import Array, DType, Graph, Tensor

Run = tuple[tuple[Array, ...], ...]
"""For each step, one array for each input."""

MOST_FILE_BYTES = 64 << 20
MOST_FILES = 10_000
STRUCTURED = ("zeros", "middle", "low", "high", "ramp", "extremes", "sparse", "near")
"""The first runs are of these kinds, one each; all others are uniform and "near" the middle, in turn."""

INDEXED = {"GATHER", "GATHER_ND", "EMBEDDING_LOOKUP", "ONE_HOT"}
"""Operators that look things up by what an integer input holds: it must stay below the smallest size."""


def draw(graph: Graph, count: int, steps: int, seed: int) -> tuple[Run, ...]:
    """`count` runs of `steps` steps; the same seed gives the same values.

    Quantized types take their whole range, float32 mostly -1..1, other integers a few small values.
    """
    limits = {tensor: _limit(graph, tensor) for tensor in graph.inputs}
    runs = []
    for i in range(count):
        rng = np.random.default_rng((seed, i))
        kind = STRUCTURED[i] if i < len(STRUCTURED) else ("uniform", "near")[i % 2]
        # A run of several steps begins with its kind and goes on with noise: a state should see change.
        kinds = (kind, *("uniform", "near", kind) * steps)[:steps]
        runs.append(tuple(tuple(_values(rng, t, kind, limits[t]) for t in graph.inputs) for kind in kinds))
    return tuple(runs)


def _limit(graph: Graph, tensor: Tensor) -> int:
    """The largest value of an integer that is no quantized number."""
    sizes = [
        max(0, min((d for d in other.shape), default=1) - 1)
        for node in graph.nodes
        if tensor in node.inputs and node.op.title in INDEXED
        for other in node.inputs
        if other is not None and other is not tensor and other.shape
    ]
    return min(sizes, default=3)


def _values(rng: np.random.Generator, tensor: Tensor, kind: str, limit: int) -> Array:
    if tensor.dtype is DType.BOOL:
        return rng.integers(0, 1, tensor.shape, endpoint=True).astype(np.bool_)
    if tensor.dtype is DType.FLOAT32:
        low, high, middle, near = -1.0, 1.0, 0.0, 0.05
    elif tensor.quant is None and tensor.dtype not in (DType.INT8, DType.UINT8, DType.INT16):
        return rng.integers(0, limit, tensor.shape, endpoint=True).astype(tensor.dtype.numpy)
    else:
        info = np.iinfo(tensor.dtype.numpy)
        middle = tensor.quant.zero_point[0] if tensor.quant else 0
        low, high, near = int(info.min), int(info.max), max(1.0, (int(info.max) - int(info.min)) / 40)
    if kind == "zeros":
        values = np.zeros(tensor.shape)
    elif kind in ("low", "middle", "high"):
        values = np.full(tensor.shape, {"low": low, "middle": middle, "high": high}[kind])
    elif kind == "ramp":
        values = np.linspace(low, high, tensor.elements).reshape(tensor.shape)
    elif kind == "extremes":
        values = rng.choice(np.array([low, high]), tensor.shape)
    elif kind == "sparse":
        values = np.where(rng.random(tensor.shape) < 0.9, middle, rng.uniform(low, high, tensor.shape))
    elif kind == "near":
        values = rng.normal(middle, near, tensor.shape)
    else:
        values = rng.uniform(low, high, tensor.shape)
    if tensor.dtype is DType.FLOAT32:
        return values.astype(np.float32)
    return np.clip(np.rint(values), low, high).astype(tensor.dtype.numpy)


def read_folder(graph: Graph, folder: Path) -> tuple[Run, ...]:
    """The runs in a folder, by file name, one file a run.

    A file is an `.npy` with one input, or an `.npz` with one array for each input in the order of the model's inputs.
    An array has its input's shape, or one axis more in front: the steps of the run.

    Raises:
        BadInput: the folder cannot be read, is empty, or a file does not fit the model's inputs.
    """
    try:
        names = sorted(p for p in folder.iterdir() if p.suffix in (".npy", ".npz"))
    except OSError as error:
        raise BadInput(f"{folder}: cannot be listed ({error.strerror}); give a folder of .npy or .npz files") from None
    if not names:
        raise BadInput(f"{folder}: holds no .npy or .npz file; put one file a run there")
    if len(names) > MOST_FILES:
        raise BadInput(f"{folder}: holds {len(names):,} files; {MOST_FILES:,} at most are tried at once")
    return tuple(_run(graph, path) for path in names)


def _run(graph: Graph, path: Path) -> Run:
    arrays = bounded.arrays(path, MOST_FILE_BYTES)
    if len(arrays) != len(graph.inputs):
        raise BadInput(f"{path}: holds {len(arrays)} arrays, but the model has {len(graph.inputs)} inputs")
    stepped = [_steps(path, array, tensor) for array, tensor in zip(arrays, graph.inputs, strict=True)]
    if len({len(steps) for steps in stepped}) != 1:
        raise BadInput(f"{path}: its arrays have different numbers of steps; give each input as many")
    return tuple(zip(*stepped, strict=True))


def _steps(path: Path, array: Array, tensor: Tensor) -> Sequence[Array]:
    if array.dtype == tensor.dtype.numpy and array.shape == tensor.shape:
        return [array]
    if array.dtype == tensor.dtype.numpy and array.shape[1:] == tensor.shape and len(array):
        return list(array)
    raise BadInput(
        f"{path}: {array.dtype}{list(array.shape)} does not fit the input {tensor.origin or tensor.name}, "
        f"{tensor.dtype.value}{list(tensor.shape)}; save it in that type, with steps as a first axis or without"
    )
