"""Whatever is done to a file, the importer answers with a graph or a clear error, soon and in little memory."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import shared_folder
from motes.check import check
from motes.errors import MotesError
from motes.ir import DType, Quant, Tensor, quant, verify
from motes.passes import prepare
from motes.tflite import load
from tflite_writer import Operator, write_model

MUTATIONS = 2000
MOST_MEMORY = 200 << 20
"""Bytes that a whole run of mutations may add to the process."""

INTERESTING = (0, 1, 2, 3, 4, 127, 128, 255, 256, 32767, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _tensor(name: str, *shape: int, scale: float = 0.5, zero: int = 0) -> Tensor:
    return Tensor(name, shape, DType.INT8, quant(scale, zero))


def _constant(name: str, *shape: int) -> Tensor:
    count = int(np.prod(shape))
    data = (np.arange(count) % 7 - 3).astype(np.int8).reshape(shape)
    return Tensor(name, shape, DType.INT8, quant(0.25, 0), data)


def small_network() -> bytes:
    """Every operator of the house in a file of a few kB."""
    x = _tensor("x", 1, 8, 8, 2)
    w1 = Tensor(
        "w1", (4, 3, 3, 2), DType.INT8, Quant((0.1, 0.2, 0.3, 0.4), (0,) * 4, 0), np.ones((4, 3, 3, 2), np.int8)
    )
    b1 = Tensor("b1", (4,), DType.INT32, Quant((0.1, 0.2, 0.3, 0.4), (0,) * 4, 0), np.arange(4, dtype=np.int32))
    c1, d1, a1, p1 = (_tensor(n, 1, 4, 4, 4, scale=0.6, zero=-3) for n in ("c1", "d1", "a1", "p1"))
    w2 = _constant("w2", 1, 3, 3, 4)
    p2, r1 = _tensor("p2", 1, 1, 1, 4, scale=0.6, zero=-3), _tensor("r1", 1, 4, scale=0.6, zero=-3)
    f1 = _tensor("f1", 1, 3)
    s1 = Tensor("s1", (1, 3), DType.INT8, quant(1 / 256, -128))
    out = Tensor("out", (1, 3), DType.FLOAT32)
    pool = {
        "padding": "SAME",
        "stride_w": 1,
        "stride_h": 1,
        "filter_width": 2,
        "filter_height": 2,
        "fused_activation_function": "RELU",
    }
    conv = {"padding": "SAME", "stride_w": 2, "stride_h": 2, "fused_activation_function": "RELU6"}
    deep = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "depth_multiplier": 1, "fused_activation_function": "NONE"}
    shape = Tensor("shape", (2,), DType.INT32, None, np.array([1, 4], np.int32))
    return write_model(
        [
            Operator("CONV_2D", (x, w1, b1), (c1,), conv),
            Operator("DEPTHWISE_CONV_2D", (c1, w2, None), (d1,), deep),
            Operator("ADD", (c1, d1), (a1,), {"fused_activation_function": "NONE"}),
            Operator("MAX_POOL_2D", (a1,), (p1,), pool),
            Operator(
                "AVERAGE_POOL_2D", (p1,), (p2,), {**pool, "padding": "VALID", "filter_width": 4, "filter_height": 4}
            ),
            Operator("RESHAPE", (p2, shape), (r1,), {"new_shape": [1, 4]}),
            Operator("FULLY_CONNECTED", (r1, _constant("w3", 3, 4), None), (f1,), {"keep_num_dims": False}),
            Operator("SOFTMAX", (f1,), (s1,), {"beta": 1.0}),
            Operator("DEQUANTIZE", (s1,), (out,), {}),
        ],
        [x],
        [out],
    )


def models() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The small models: one of ours, always there, and the small ones of the field."""
    yield "small_network", small_network
    for name in ("hello_world_int8", "micro_speech_quantized"):
        folder = shared_folder()
        if folder is not None:
            yield name, (folder / "models" / "tflm" / f"{name}.tflite").read_bytes


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One to eight small accidents, most of them where the tables are: at the ends of the file, not in the weights."""
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
        at = chance.randrange(len(made))
        kind = chance.randrange(6)
        if kind == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            made[at] = chance.randrange(256)
        elif kind == 2:
            at &= ~3
            made[at : at + 4] = struct.pack("<I", chance.choice(INTERESTING))
        elif kind == 3:
            at &= ~1
            made[at : at + 2] = struct.pack("<H", chance.choice(INTERESTING) & 0xFFFF)
        elif kind == 4:
            made[at : at + 4] = struct.pack("<i", chance.randrange(-len(data), len(data)))
        else:
            start = chance.randrange(len(made))
            size = chance.randrange(1, 64)
            made[at : at + size] = made[start : start + size]
        if chance.random() < 0.02:
            del made[chance.randrange(len(made)) :]
        if not made:
            return b""
    return bytes(made)


def survives(data: bytes) -> bool:
    """Whether the file is imported; if it is not, then with a clear error. Nothing else may happen."""
    try:
        graph = load(data, "m")
    except MotesError as error:
        assert str(error).startswith("m: ") or str(error).startswith("m:"), error
        assert len(str(error)) < 2000
        return False
    verify(graph)
    prepare(graph)
    assert all(t.name.isidentifier() and t.name.isascii() for t in graph.tensors)
    assert graph.macs >= 0
    return True


@pytest.mark.parametrize(("name", "read"), list(models()), ids=lambda v: v if isinstance(v, str) else "")
def test_mutations(name: str, read: Callable[[], bytes]) -> None:
    data = read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chance = random.Random(name)
    imported = sum(survives(mutated(data, chance)) for _ in range(MUTATIONS))
    assert imported < MUTATIONS
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert added < MOST_MEMORY


def test_the_small_network_is_whole() -> None:
    assert survives(small_network())


def test_check_survives_them_too(tmp_path: Path) -> None:
    data, chance, path = small_network(), random.Random("check"), tmp_path / "m.tflite"
    for _ in range(MUTATIONS // 4):
        path.write_bytes(mutated(data, chance))
        try:
            found = check(path)
        except MotesError:
            continue
        found.to_json()
        assert found.supported or found.problems


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_noise_behind_the_file_identifier(noise: bytes) -> None:
    survives(noise[:4].ljust(4, b"\x08") + b"TFL3" + noise[4:])


@settings(max_examples=300, deadline=None)
@given(
    shape=st.lists(st.integers(-(2**31), 2**31 - 1) | st.integers(-1, 4), max_size=10),
    scale=st.lists(st.floats(width=32), max_size=3),
    zero=st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200), max_size=3),
    name=st.text(max_size=20).filter(lambda t: t.isprintable() or True),
    dtype=st.sampled_from(DType),
)
def test_any_tensor(shape: list[int], scale: list[float], zero: list[int], name: str, dtype: DType) -> None:
    x = Tensor(name.encode("utf-8", "replace").decode(), tuple(shape), dtype, Quant(tuple(scale), tuple(zero), 0))
    y = Tensor("y", (1, 3), DType.INT8, quant(1 / 256, -128))
    survives(write_model([Operator("SOFTMAX", (x,), (y,), {"beta": 1.0})], [x], [y]))


@settings(max_examples=200, deadline=None)
@given(
    builtin=st.sampled_from(["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MAX_POOL_2D", "RESHAPE"]),
    inputs=st.lists(st.integers(-1, 4), max_size=5),
    outputs=st.lists(st.integers(0, 4), max_size=3),
)
def test_any_wiring(builtin: str, inputs: list[int], outputs: list[int]) -> None:
    tensors = [
        _tensor("a", 1, 2, 2, 2),
        _tensor("b", 1, 4),
        _constant("c", 2, 1, 1, 2),
        _constant("d", 4),
        _tensor("e", 1),
    ]
    wired = Operator(builtin, [None if i < 0 else tensors[i] for i in inputs], [tensors[i] for i in outputs], {})
    survives(write_model([wired], [tensors[0]], [tensors[1]]))
