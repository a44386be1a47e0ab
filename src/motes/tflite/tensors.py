"""Tensors as a file stores them become tensors with a shape, a type and a quantization that hold together."""

from __future__ import annotations

import math

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, DType, Quant, Tensor
from motes.tflite.schema import StoredTensor

MOST_DIMENSIONS = 8
MOST_BYTES = 64 << 20
"""Bytes of the largest tensor, and of all constants: beyond any microcontroller's memory, well inside 32-bit offsets.
Constants may share or overlap in a file, so that its size does not bound them."""

SCALES = (1e-30, 1.34e36)
"""Scales outside of this range overflow single precision in the arithmetic that follows. The largest is that of int8
from 0 to the largest float, by which attention masks what it must not see."""

ZERO_POINTS = {
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.UINT16: (0, 65535),
}

INTEGERS = "convert with full integer quantization: representative_dataset, TFLITE_BUILTINS_INT8, int8 in and out"
RECURRENT = (
    "start the recurrent Keras model with keras.Input(batch_shape=(1, steps, features)) and convert it with "
    "TFLITE_BUILTINS only; or give its layers unroll=True"
)
"""What makes a converter write loops over tensors instead of lists of them."""

PACKED = {"int4": (4, DType.INT8), "int2": (2, DType.INT8), "uint4": (4, DType.UINT8)}
"""Types of which a byte holds several, the first in its low bits: bits of one, and the type it gets. Constants only."""


def read_tensor(stored: StoredTensor, name: str) -> Tensor:
    """The tensor, called `name`; a batch of -1 becomes 1, and the value of a variable is no constant.

    Raises:
        BadInput: what is stored of it contradicts itself.
        Unsupported: it is larger, or of another type, than Motes serves.
    """
    if stored.special:
        raise Unsupported(
            stored,
            f"is {stored.special}",
            "convert a dense, stateless model with ordinary post-training int8 quantization",
        )
    if len(stored.shape) > MOST_DIMENSIONS:
        raise Unsupported(stored, f"has {len(stored.shape)} dimensions", f"reshape it to {MOST_DIMENSIONS} at most")
    shape = tuple(1 if d == -1 else d for d in stored.shape)
    bits, dtype = PACKED.get(stored.type, (0, None))
    try:
        dtype = dtype if dtype and stored.data else DType(stored.type)
    except ValueError:
        raise Unsupported(
            stored,
            f"has elements of type {stored.type}",
            RECURRENT if stored.type == "variant" else INTEGERS,  # a list of tensors is of type variant
        ) from None
    # RESHAPE to a scalar has an empty list of dimensions for its second input.
    if any(d <= 0 for d in shape) and not (shape == (0,) and dtype is DType.INT32):
        raise BadInput(
            f"{stored} has the shape {list(stored.shape)}, so no elements; "
            "convert the model again with fixed, positive shapes"
        )
    size = math.prod(shape) * dtype.size
    if size > MOST_BYTES:
        raise Unsupported(
            stored, f"takes {size:,} bytes", f"use a smaller model: no tensor may exceed {MOST_BYTES >> 20} MiB"
        )
    data = None if stored.variable else _data(stored, shape, dtype, bits or 8 * dtype.size)
    quantization, bits = _quant(stored, shape, dtype), 0 if data is None else bits
    return Tensor(name, shape, dtype, quantization, data, stored.name, bits, -1 in stored.signature)


def _data(stored: StoredTensor, shape: tuple[int, ...], dtype: DType, bits: int) -> Array | None:
    """The elements of a constant, read-only, of `bits` each in the file; None for a tensor that is computed."""
    size = -(-math.prod(shape) * bits // 8)
    if size > 0 and not stored.data:
        return None
    if len(stored.data) != size:
        raise BadInput(
            f"{stored} has {len(stored.data):,} bytes of data, but {stored.type}{list(shape)} takes {size:,}; "
            "the file is damaged: convert the model again"
        )
    if bits < 8:
        return _unpacked(stored.data, shape, dtype, bits)
    array = np.frombuffer(stored.data, dtype.numpy.newbyteorder("<")).astype(dtype.numpy, copy=False).reshape(shape)
    if not array.flags.aligned:
        array = array.copy()
        array.flags.writeable = False
    return array


def _unpacked(data: memoryview, shape: tuple[int, ...], dtype: DType, bits: int) -> Array:
    """Elements of fewer bits than a byte, sign-extended where `dtype` has a sign."""
    packed = np.frombuffer(data, np.uint8)
    above = 8 - bits
    fields = np.stack([packed << (above - low) for low in range(0, 8, bits)], axis=1)  # each at the top of a byte
    array = (fields.view(dtype.numpy) >> above).reshape(-1)[: math.prod(shape)].reshape(shape)
    array.flags.writeable = False
    return array


def _quant(stored: StoredTensor, shape: tuple[int, ...], dtype: DType) -> Quant | None:
    """The quantization of a tensor; None where the file has none."""
    if not stored.scale:
        return None
    count = len(stored.scale)
    zero_point = stored.zero_point * count if len(stored.zero_point) == 1 else stored.zero_point
    if len(zero_point) != count:
        raise BadInput(
            f"{stored} has {count} scales but {len(stored.zero_point)} zero points; the file is damaged: "
            "convert the model again"
        )
    least, most = SCALES
    for scale in stored.scale:
        # A channel whose weights are all zero may come with the scale 0.
        if not (least <= scale <= most or (scale == 0 and len(stored.data))):
            raise BadInput(
                f"{stored} has the scale {scale}; scales are positive and finite: quantize the model again, with "
                "representative data"
            )
    low, high = ZERO_POINTS.get(dtype, (-(1 << 31), (1 << 31) - 1))
    for point in zero_point:
        if not low <= point <= high:
            raise BadInput(f"{stored} has the zero point {point}, outside of {dtype.value}; convert the model again")
    if count == 1:
        return Quant(stored.scale, zero_point)
    # Some converters give a bias the axis of its weights: a bias has one axis only.
    axis = 0 if len(shape) == 1 else stored.axis
    if not 0 <= axis < len(shape) or shape[axis] != count:
        raise BadInput(
            f"{stored} has {count} scales along axis {stored.axis}, but the shape {list(shape)}; "
            "the file is damaged: convert the model again"
        )
    return Quant(stored.scale, zero_point, axis)
