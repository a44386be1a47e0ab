"""TFLM_DECODE: constants in fewer bits equal what TensorFlow Lite Micro makes of them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from motes.build import host
from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import Array, DType, Quant, Tensor, quant
from motes.tflite import load
from tflite_small import FC, message
from tflite_writer import Operator, write_model
from tflm import run_tflm

X = Tensor("x", (1, 8), DType.INT8, quant(0.5, -3))
Y = Tensor("y", (1, 4), DType.INT8, quant(0.25, 5))
KINDS = (DType.BOOL, DType.INT8, DType.INT16, DType.INT32, DType.INT64, DType.FLOAT32)


def packed(numbers: Array, width: int) -> Array:
    """Numbers of `width` bits each, the first at the top of the first byte; 8 bytes more, which TFLM may read."""
    bits = (numbers.reshape(-1, 1) >> np.arange(width)[::-1]) & 1
    return np.concatenate([np.packbits(bits.astype(np.uint8)), np.zeros(8, np.uint8)])


def head(way: int, *bytes_: int) -> Array:
    return np.array([way, 1, 0, 0, 1, *bytes_] + [0] * (11 - len(bytes_)), np.uint8)


def constant(name: str, data: Array) -> Tensor:
    return Tensor(name, data.shape, DType(data.dtype.name), None, data)


def model(encoded: Array, how: Array, made: Tensor) -> bytes:
    """The decoded tensor as an output; another one has to be computed."""
    inputs = (constant("e", encoded), constant("how", how))
    decode = Operator("CUSTOM", inputs, (made,), None, custom_code="TFLM_DECODE")
    add = Operator("ADD", (X, X), (Tensor("sum", X.shape, X.dtype, X.quant),), {"fused_activation_function": "NONE"})
    return write_model([decode, add], [X], [made, *add.outputs])


def check(data: bytes, kind: DType, want: Array) -> None:
    """Both give the wanted values, byte for byte."""
    given = np.arange(8, dtype=np.int8).reshape(1, 1, 8)
    (theirs, _), (compiled,) = run_tflm(data, [tuple(given)]), host.load([load(data)])
    ours = compiled.run_many(given)[0]
    assert ours.tobytes() == theirs.tobytes()
    assert ours.tobytes() == want.astype(kind.numpy).tobytes()


def tensor(kind: DType, shape: tuple[int, ...], channels: int, axis: int) -> Tensor:
    """With that many scales, and zero points where there can be some."""
    rng = np.random.default_rng(channels)
    points = rng.integers(-20, 20, channels).tolist() if kind is DType.INT8 else [0] * channels
    value = Quant((0.5,) * channels, tuple(points), axis if channels > 1 else None)
    return Tensor("made", shape, kind, None if kind in (DType.BOOL, DType.FLOAT32) else value)


SHAPES = [((6, 5), 1, 0), ((6, 20), 6, 0), ((4, 6), 6, 1), ((3, 2, 9), 3, 0), ((2, 40), 2, 0), ((7,), 7, 0)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", range(1, 8))
def test_values_from_a_table(kind: DType, width: int) -> None:
    rng = np.random.default_rng(width)
    for shape, channels, axis in SHAPES:
        made = tensor(kind, shape, channels, axis)
        groups = 1 if made.quant is None else channels
        size = 1 << width
        table = rng.integers(0, 2 if kind is DType.BOOL else 100, (groups, size)).astype(kind.numpy)
        indices = rng.integers(0, size, shape)
        along = [1] * len(shape)
        along[axis] = -1
        want = table[np.broadcast_to(np.arange(groups).reshape(along if groups > 1 else 1), shape), indices]
        how = np.concatenate([head(0, width, size), table.ravel().view(np.uint8)])
        check(model(packed(indices, width), how, made), kind, want)


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_were_pruned(kind: DType) -> None:
    rng = np.random.default_rng(1)
    for shape, channels, axis in SHAPES:
        made = tensor(kind, shape, channels, axis)
        there = rng.integers(0, 2, shape)
        values = rng.integers(1, 2 if kind is DType.BOOL else 100, int(there.sum())).astype(kind.numpy)
        along = [1] * len(shape)
        along[axis] = -1
        points = np.array(made.quant.zero_point if made.quant else (0,))
        want = np.broadcast_to(points.reshape(along if points.size > 1 else 1), shape).astype(kind.numpy)
        want[there == 1] = values
        check(model(packed(there, 1), np.concatenate([head(2), values.view(np.uint8)]), made), kind, want)


def words(values: Array) -> dict[int, str]:
    """A Huffman code, by value."""
    counts = sorted(Counter(values.ravel().tolist()).items())
    heap = [(count, i, {value: ""}) for i, (value, count) in enumerate(counts)]
    heapq.heapify(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        joined = {v: "0" + w for v, w in a[2].items()} | {v: "1" + w for v, w in b[2].items()}
        heapq.heappush(heap, (a[0] + b[0], min(a[1], b[1]), joined))
    return heap[0][2]


def tables(code: dict[int, str], first: int, size: int) -> list[int]:
    """The table of the first bits, and behind it one of `first` bits at most for each beginning of longer words."""
    entries: list[int] = []

    def lay(words: dict[int, str]) -> None:
        bits = min(first, max(map(len, words.values()))) if entries else first
        start = len(entries)
        entries.extend([0] * (1 << bits))
        longer: dict[int, dict[int, str]] = {}
        for value, word in words.items():
            if len(word) > bits:
                longer.setdefault(int(word[:bits], 2), {})[value] = word[bits:]
                continue
            low = value & ((1 << (8 if size == 16 else 16)) - 1)
            for rest in range(1 << (bits - len(word))):
                place = start + (int(word, 2) << (bits - len(word))) + rest
                entries[place] = 1 << (size - 1) | len(word) << (size - 5) | low
        for beginning, rest_of in longer.items():
            place = start + beginning
            taken = min(first, max(map(len, rest_of.values())))
            entries[place] = (taken - 1) << (size - 5) | (len(entries) - place)
            lay(rest_of)

    lay(code)
    return entries


@pytest.mark.parametrize(("kind", "size"), [(DType.INT8, 16), (DType.INT8, 32), (DType.INT16, 32)])
@pytest.mark.parametrize("first", [3, 4, 5])
def test_words_of_a_huffman_code(kind: DType, size: int, first: int) -> None:
    rng = np.random.default_rng(first)
    values = np.clip(np.round(rng.normal(0, 6, (12, 30))), -100, 100).astype(kind.numpy)
    code = words(values)
    assert max(map(len, code.values())) > first  # so that tables follow
    bits = "".join(code[v] for v in values.ravel().tolist())
    encoded = packed(np.array([int(b) for b in bits]), 1)
    encoded = encoded[: len(encoded) // 4 * 4].view(np.uint8)
    how = np.concatenate(
        [
            head(1, (first - 1) << 4 | (size == 32)),
            np.array(tables(code, first, size), np.uint32 if size == 32 else np.uint16).view(np.uint8),
        ]
    )
    made = Tensor("made", values.shape, kind, quant(0.5, 0))
    check(model(encoded, how, made), kind, values)


def test_weights_of_a_layer() -> None:
    rng = np.random.default_rng(0)
    table = np.sort(rng.integers(-127, 128, (4, 4), np.int8), axis=1)
    indices = rng.integers(0, 4, (4, 8))
    weights = Tensor("w", (4, 8), DType.INT8, Quant((0.01, 0.02, 0.015, 0.03), (0,) * 4, 0))
    how = np.concatenate([head(0, 2, 4), table.ravel().view(np.uint8)])
    inputs = (constant("e", packed(indices, 2)), constant("how", how))
    operators = [
        Operator("CUSTOM", inputs, (weights,), None, custom_code="TFLM_DECODE"),
        Operator("FULLY_CONNECTED", (X, weights, None), (Y,), FC, version=5),
    ]
    data = write_model(operators, [X], [Y])
    graph = load(data)
    assert [node.op.title for node in graph.nodes] == ["FULLY_CONNECTED"]
    given = rng.integers(-128, 128, (20, 1, 8), np.int8)
    (compiled,) = host.load([graph])
    np.testing.assert_array_equal(compiled.run_many(given)[0], run_tflm(data, [(x,) for x in given])[0])


def looked_up() -> bytes:
    return model(packed(np.arange(24) % 4, 2), TABLE, MADE)


def pruned() -> bytes:
    return model(packed(np.arange(24) % 2, 1), np.concatenate([head(2), np.arange(12, dtype=np.uint8)]), MADE)


def words_of_a_code() -> bytes:
    values = np.arange(24, dtype=np.int8) // 8
    code = words(values)
    encoded = packed(np.array([int(bit) for v in values.tolist() for bit in code[v]]), 1)
    table = np.array(tables(code, 2, 16), np.uint16).view(np.uint8)
    return model(encoded, np.concatenate([head(1, 1 << 4), table]), MADE)


@pytest.mark.parametrize("write", [looked_up, pruned, words_of_a_code])
def test_small_ones(write: Callable[[], bytes]) -> None:
    data = write()
    given = np.arange(8, dtype=np.int8).reshape(1, 1, 8)
    assert load(data).outputs[0].shape == MADE.shape
    np.testing.assert_array_equal(host.load([load(data)])[0].run_many(given)[0], run_tflm(data, [tuple(given)])[0])


MADE = Tensor("made", (4, 6), DType.INT8, quant(0.5, 0))
TABLE = np.concatenate([head(0, 2, 4), np.arange(4, dtype=np.uint8)])
INDICES = packed(np.zeros(24, np.int64), 2)[:6]


@pytest.mark.parametrize(
    ("encoded", "how", "made", "kind", "words"),
    [
        (INDICES[:5], TABLE, MADE, BadInput, "tensor 1 'e' needs more than the 5 bytes it has, or more than"),
        (INDICES, TABLE[:16], MADE, BadInput, "or more than the table of 0 bytes in tensor 2 'how'; the"),
        (INDICES, TABLE[:9], MADE, BadInput, "are no encoded constant; the file is damaged: convert it again"),
        (INDICES, head(0, 0, 4), MADE, BadInput, "needs more than"),
        (INDICES, head(7), MADE, Unsupported, "uses encoding 7 of version 1.1; decode it before: take"),
        (INDICES, head(1, 0x30), MADE, BadInput, "needs more than"),
        (INDICES, head(2), MADE, None, ""),
        (INDICES, np.concatenate([head(1, 0x30), np.zeros(32, np.uint8)]), MADE, BadInput, "needs more than"),
        (INDICES, TABLE, Tensor("made", (4, 6), DType.UINT8), Unsupported, "makes made uint8[4, 6]; decode it before"),
    ],
)
def test_what_is_refused(encoded: Array, how: Array, made: Tensor, kind: type[MotesError] | None, words: str) -> None:
    if kind is None:
        assert load(model(encoded, how, made)).outputs
    else:
        assert words in message(model(encoded, how, made), kind)
