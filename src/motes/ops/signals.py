"""What the families of signal operators share: custom operators that TensorFlow Lite Micro brings for audio.

They are not quantized: tensors have types and shapes, and scales are ignored. Source: tflite-micro's `signal` folder.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, Builtin, DType, Node, Option, Tensor

BUILD_AGAIN = "build the model again with the signal operators of tflite-micro"

LARGEST_MEMORY = 1 << 24
"""Bytes."""

LONGEST = 1 << 20
"""Samples of the longest frame."""


def signal(name: str, **options: Option) -> Builtin:
    """A custom operator with these options, by name: "int" or "bool"."""
    return Builtin(name, {key: (kind, False if kind == "bool" else 0) for key, kind in options.items()}, custom=True)


def check_ends(node: Node, inputs: Sequence[DType], outputs: Sequence[DType]) -> None:
    """The node has exactly these inputs and outputs; what memory adds is among them.

    Raises:
        BadInput: their number differs.
        Unsupported: one is of another type.
    """
    tensors = [*node.inputs, *node.outputs]
    if None in tensors or (len(node.inputs), len(node.outputs)) != (len(inputs), len(outputs)):
        kept = len(node.op.memory(node))
        raise BadInput(
            f"{node}: has {len(node.inputs) - kept} inputs and {len(node.outputs) - kept} outputs, "
            f"not {len(inputs) - kept} and {len(outputs) - kept}; {BUILD_AGAIN}"
        )
    for tensor, dtype in zip(tensors, (*inputs, *outputs), strict=True):
        if tensor is not None and tensor.dtype is not dtype:
            raise Unsupported(node, f"{tensor} is not {dtype.value}", BUILD_AGAIN)


def check_option(node: Node, name: str, value: int, least: int, most: int) -> None:
    """An option lies within these limits."""
    if not least <= value <= most:
        raise BadInput(f"{node}: its option {name} is {value}; it must be {least} to {most:,}")


def check_shape(node: Node, tensor: Tensor, shape: Sequence[int]) -> None:
    """The tensor has this shape."""
    if tensor.shape != tuple(shape):
        raise BadInput(f"{node}: {tensor} has not the shape [{', '.join(map(str, shape))}]; {BUILD_AGAIN}")


def zeros(node: Node, elements: int, dtype: DType = DType.INT16) -> Array:
    """The first values of a memory of at least one element.

    Raises:
        Unsupported: it is larger than any microcontroller's.
    """
    if elements * dtype.size > LARGEST_MEMORY:
        raise Unsupported(
            node,
            f"keeps {elements * dtype.size:,} bytes from one execution to the next",
            f"{LARGEST_MEMORY:,} at most: use shorter frames",
        )
    return np.zeros(max(elements, 1), dtype.numpy)
