"""TFLM_DECODE: constants that a file holds in fewer bits. They are decoded while it is read.

The second of a pair of inputs tells how the first was encoded: 16 bytes, of which the first is the way, and behind them
a table. Bits are numbered from the top of the first byte. Ways: indices into a table of values; a bit for each value
that was not pruned to zero; words of a Huffman code.
Source: TFLM's DECODE, version 1.
"""

from __future__ import annotations

import numpy as np

from motes.errors import BadInput, Unsupported
from motes.ir import Array, DType, Tensor
from motes.names import quoted
from motes.tflite.schema import StoredOperator, StoredTensor

DECODE = quoted("TFLM_DECODE")
"""The operator's name."""

HEAD = 16
"""Bytes that say how a tensor was encoded."""

DECODE_TYPES = (DType.BOOL, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)
MOST_BITS = 16
"""That one table of a Huffman code looks up: so many behind a word may be read."""

OTHER_WAY = "decode it before: take the model as it was before it was compressed"


def decoded(operator: StoredOperator, encoded: StoredTensor, how: StoredTensor, made: Tensor) -> Array:
    """The elements of `made`.

    Raises:
        BadInput: bytes are missing, or contradict each other.
        Unsupported: an encoding that is not known.
    """
    head, table = bytes(how.data[:HEAD]), how.data[HEAD:]
    if len(head) < HEAD or not len(encoded.data):
        raise BadInput(
            f"{operator}: {encoded} and {how} are no encoded constant; the file is damaged: convert it again"
        )
    if made.dtype not in DECODE_TYPES:
        raise Unsupported(operator, f"makes {made}", OTHER_WAY)
    ways = {0: _looked_up, 1: _of_words, 2: _unpruned}
    if head[0] not in ways or head[1] != 1 or head[4] != 1:
        raise Unsupported(operator, f"uses encoding {head[0]} of version {head[1]}.{head[4]}", OTHER_WAY)
    try:
        values = ways[head[0]](head, table, encoded.data, made)
    except IndexError:
        raise BadInput(
            f"{operator}: {encoded} needs more than the {len(encoded.data):,} bytes it has, or more than the table of "
            f"{len(table):,} bytes in {how}; the file is damaged: convert it again"
        ) from None
    return values.view(made.dtype.numpy).reshape(made.shape)


def _bits(data: memoryview, count: int) -> Array:
    """The first bits, uint8.

    Raises:
        IndexError: there are fewer.
    """
    if len(data) * 8 < count:
        raise IndexError
    return np.unpackbits(np.frombuffer(data, np.uint8, -(-count // 8)))[:count]


def _values(table: memoryview, made: Tensor) -> Array:
    """The table as elements of the tensor."""
    kind = made.dtype.numpy
    return np.frombuffer(table[: len(table) - len(table) % kind.itemsize], kind)


def _channels(made: Tensor) -> Array:
    """For each element, its channel."""
    if made.quant is None or made.quant.per_tensor:
        return np.zeros(made.elements, np.int64)
    assert made.quant.axis is not None, made
    along = [1] * len(made.shape)
    along[made.quant.axis] = -1
    channels: Array = np.arange(made.shape[made.quant.axis]).reshape(along)
    return np.broadcast_to(channels, made.shape).ravel()


def _looked_up(head: bytes, table: memoryview, data: memoryview, made: Tensor) -> Array:
    """Each element is an index of so many bits into the values of its channel."""
    width, stride = head[5] & 7, head[6]
    if width == 0:
        raise IndexError
    fields = _bits(data, made.elements * width).reshape(-1, width)
    indices = fields @ (1 << np.arange(width)[::-1])
    found: Array = _values(table, made)[_channels(made) * stride + indices]
    return found


def _unpruned(head: bytes, table: memoryview, data: memoryview, made: Tensor) -> Array:
    """The next value for each bit that is set, the zero point for the others."""
    there = _bits(data, made.elements).astype(bool)
    points = made.quant.zero_point if made.quant is not None and made.dtype is DType.INT8 else (0,)
    found: Array = np.array(points, np.int64)[_channels(made) % len(points)].astype(made.dtype.numpy)
    found[there] = _values(table, made)[np.arange(np.count_nonzero(there))]
    return found


def _of_words(head: bytes, table: memoryview, data: memoryview, made: Tensor) -> Array:
    """Words of a Huffman code, found through tables within the table, each indexed by the next bits of the word.

    An entry has 32 or 16 bits: from the top, whether it ends the word; four bits; a value. At the end of a word this is
    the element, and the bits say how many of those that were looked up belong to the word. Else it is the distance
    from here to the table that goes on, and how many bits that takes, less 1.
    """
    if made.dtype not in (DType.INT8, DType.INT16):
        raise IndexError
    size = 32 if head[5] & 1 else 16
    entries = np.frombuffer(table[: len(table) // (size // 8) * (size // 8)], f"<u{size // 8}").tolist()
    stream, end = bytes(data) + bytes(8), len(data) * 8
    at, found = 0, []
    for _ in range(made.elements):
        place, taken, entry = 0, (head[5] >> 4) + 1, 0
        while True:
            byte = at >> 3
            next_bits = int.from_bytes(stream[byte : byte + 8], "big") >> (64 - (at & 7) - taken)
            place += next_bits & ((1 << taken) - 1)
            at += taken
            if at > end + MOST_BITS:
                raise IndexError
            entry = entries[place]
            count, value = entry >> (size - 5) & 15, entry & ((1 << (size - 5)) - 1)
            if entry >> (size - 1):
                break
            place, taken = place + value, count + 1
        at -= max(0, taken - count)
        if at > end:
            raise IndexError
        found.append(entry & 0xFFFF)
    return np.array(found, np.uint16).astype(np.uint8 if made.dtype is DType.INT8 else np.uint16)
