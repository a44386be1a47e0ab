"""Whatever is done to a file, the answer is a graph or a clear error, soon and in little memory; and what becomes a
graph becomes C that does nothing undefined."""

from __future__ import annotations

import random
import resource
import struct
from collections.abc import Callable, Iterator, Set
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import shared_folder
from motes.build import host
from motes.build.sizes import check_programs
from motes.check import check
from motes.choose import choose
from motes.emit import emit_model
from motes.emit.layers import layer_symbol
from motes.errors import DoesNotFit, MotesError
from motes.ir import DType, Graph, Quant, Tensor, quant
from motes.passes import prepare
from motes.plan import plan
from motes.proving import compile_graph, lcg, self_check, zeros
from motes.target import Board, board
from motes.tflite import load
from motes.wellformed import verify
from tflite_writer import Extras, Operator, Subgraph, write_model

MUTATIONS = 2000
SAMPLE, ON_CORE = 24, 3
"""So many of the mutated models are compiled and run, on this machine and on the virtual board."""
MOST_MACS = 1 << 22
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


def remembering_network() -> bytes:
    """Everything that keeps values: a resource variable with its initial value, SVDF, an LSTM, a custom operator."""
    x, v, s = (_tensor(n, 1, 4) for n in "xvs")
    handle, first = (Tensor(n, (), DType.INT32) for n in ("handle", "first"))
    memory, f = _tensor("memory", 1, 12), _tensor("f", 1, 4)
    bias = Tensor("bias", (4,), DType.INT32, quant(0.125, 0), np.arange(4, dtype=np.int32))
    steps, h = _tensor("steps", 1, 2, 2), _tensor("h", 1, 2, 2, scale=1 / 128)
    hidden = _tensor("hidden", 1, 2, scale=1 / 128)
    cell = Tensor("cell", (1, 2), DType.INT16, quant(2.0**-11, 0))
    gates = [_constant(f"w{i}", 2, 2) for i in range(8)]
    biases = [Tensor(f"b{i}", (2,), DType.INT32, None, np.arange(2, dtype=np.int32)) for i in range(4)]
    row, rows = _tensor("row", 1, 1, 1, 4, scale=1 / 128), _tensor("rows", 1, 3, 1, 4, scale=1 / 128)
    name = {"container": "", "shared_name": "sum"}
    svdf = {"rank": 1, "fused_activation_function": "NONE", "asymmetric_quantize_inputs": False}
    none = (None,)
    operators = [
        Operator("CALL_ONCE", (), (), {"init_subgraph_index": 1}),
        Operator("VAR_HANDLE", (), (handle,), name),
        Operator("READ_VARIABLE", (handle,), (v,)),
        Operator("ADD", (x, v), (s,), {"fused_activation_function": "NONE"}),
        Operator("ASSIGN_VARIABLE", (handle, s), ()),
        Operator("SVDF", (s, _constant("feature", 4, 4), _constant("time", 4, 3), bias, memory), (f,), svdf),
        Operator("RESHAPE", (f,), (steps,), {"new_shape": [1, 2, 2]}),
        Operator(
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            (steps, *gates, *none * 3, *biases, *none * 2, hidden, cell, *none * 4),
            (h,),
            {"fused_activation_function": "TANH", "cell_clip": 4.0, "time_major": False},
        ),
        Operator("RESHAPE", (h,), (row,), {"new_shape": [1, 1, 1, 4]}),
        Operator("CUSTOM", (row,), (rows,), {"cycles_max": 1}, custom_code="CIRCULAR_BUFFER"),
    ]
    prepare = [
        Operator("VAR_HANDLE", (), (first,), name),
        Operator("ASSIGN_VARIABLE", (first, _constant("value", 1, 4)), ()),
    ]
    extras = Extras(subgraphs=[Subgraph(prepare)], variables=frozenset([memory, hidden, cell, rows]))
    return write_model(operators, [x], [rows], extras)


def models() -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The small models: two of ours, always there, and the small ones of the field."""
    yield "small_network", small_network
    yield "remembering_network", remembering_network
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


def survives(data: bytes) -> Graph | None:
    """The graph, if the file is imported; if it is not, then with a clear error. Nothing else may happen."""
    try:
        graph = load(data, "m")
    except MotesError as error:
        assert str(error).startswith("m: ") or str(error).startswith("m:"), error
        assert len(str(error)) < 2000
        return None
    verify(graph)
    assert all(t.name.isidentifier() and t.name.isascii() for t in graph.tensors)
    assert graph.macs >= 0
    return prepare(graph)


def becomes_c(graph: Graph, features: Set[str] = frozenset()) -> bool:
    """Whether it is planned and emitted: all but what is too large for the board must be."""
    program = choose(graph, features)
    where = plan(program)
    try:
        check_programs("m", [program], where, {}, board("virt-m4"))
    except DoesNotFit:
        return False
    code = emit_model(program, where, "m")
    assert code["m.c"].isascii()
    layers = [layer_symbol("m", name) for name, call, _ in program.walk() if not call.node.op.view]
    assert all(f"void {layer}(m_state *s" in code["m.c"] for layer in layers)
    return True


@pytest.mark.parametrize(("name", "read"), list(models()), ids=lambda v: v if isinstance(v, str) else "")
def test_mutations(name: str, read: Callable[[], bytes]) -> None:
    data = read()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    chance = random.Random(name)
    sample: list[Graph] = []
    refused = 0
    for _ in range(MUTATIONS):
        graph = survives(mutated(data, chance))
        if graph is None:
            refused += 1
        elif becomes_c(graph) and len(sample) < SAMPLE and graph.macs < MOST_MACS:
            sample.append(graph)
    assert refused
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert added < MOST_MEMORY
    assert len(sample) == SAMPLE
    for graph, compiled in zip(sample, host.load(sample, sanitize=True, optimise="-O1"), strict=True):
        for inputs in (zeros(graph.inputs), lcg(graph.inputs)):
            compiled(*inputs)  # raises where a kernel writes outside its buffers, or does what C does not define


@pytest.mark.parametrize("features", [{"dsp"}, {"dsp", "fpu"}])
def test_mutations_for_the_core(features: set[str]) -> None:
    data, chance = small_network(), random.Random("core")
    graphs = [g for g in (survives(mutated(data, chance)) for _ in range(MUTATIONS // 2)) if g is not None]
    assert sum(becomes_c(graph, features) for graph in graphs) > 20


@pytest.mark.cores(one_in=3)
def test_mutated_models_on_the_core(virt: Board) -> None:
    """A handful of them, as files, from end to end: the image agrees with the portable code, or the words say why."""
    data, chance = small_network(), random.Random("on the core")
    proved = 0
    for _ in range(MUTATIONS):
        graph = survives(mutated(data, chance))
        if graph is not None and proved < ON_CORE:
            made = compile_graph(graph, virt, "m")
            self_check(made, "zig")
            proved += 1
    assert proved == ON_CORE


def test_the_small_networks_are_whole() -> None:
    assert survives(small_network())
    kept = survives(remembering_network())
    assert kept is not None
    assert len(kept.states) == 5


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
