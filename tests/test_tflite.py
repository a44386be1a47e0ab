"""The importer: what files say arrives in the graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tflite

from motes.errors import MotesError, Unsupported
from motes.ir import DType, Quant, Tensor, quant
from motes.names import KEYWORDS, identifier
from motes.tflite import attempt, load
from motes.tflite.schema import OPERATORS, TYPES
from motes.wellformed import verify
from tflite_small import BIAS, FC, WEIGHTS, X, Y, Z, changed, dense, message
from tflite_writer import Extras, Operator, write_model

MODELS = {
    # file, MACs by the published counts, operators, output shape
    "mlperf_tiny/kws_ref_model": (2_656_768, 13, (1, 12)),
    "mlperf_tiny/vww_96_int8": (7_489_664, 31, (1, 2)),
    "mlperf_tiny/pretrainedResnet_quant": (12_501_632, 16, (1, 10)),
    "mlperf_tiny/ad01_int8": (264_192, 10, (1, 640)),
    "mlperf_tiny/str_ww_ref_model": (826_368, 11, (1, 3)),
    "tflm/person_detect": (7_157_888, 31, (1, 2)),
    "tflm/micro_speech_quantized": (336_000, 4, (1, 4)),
    "tflm/hello_world_int8": (288, 3, (1, 1)),
}


# ------------------------------------------------------------------------------------------------ what arrives


@pytest.mark.parametrize("name", MODELS)
def test_the_models_of_the_field(shared: Path, name: str) -> None:
    macs, operators, shape = MODELS[name]
    graph = load(shared / "models" / f"{name}.tflite")
    assert verify(graph) is graph
    assert graph.macs == macs
    assert len(graph.nodes) == operators
    assert [n.sources for n in graph.nodes] == [(i,) for i in range(operators)]
    assert [t.shape for t in graph.outputs] == [shape]
    assert graph.name == name.split("/")[1]


@pytest.mark.parametrize("name", MODELS)
def test_every_number_is_what_the_generated_accessors_read(shared: Path, name: str) -> None:
    path = shared / "models" / f"{name}.tflite"
    model = tflite.Model.GetRootAs(path.read_bytes(), 0)
    file = model.Subgraphs(0)
    graph = load(path)
    pairs = {}
    for node in graph.nodes:
        operator = file.Operators(node.sources[0])
        pairs |= dict(zip(node.inputs, operator.InputsAsNumpy().tolist(), strict=True))
        pairs |= dict(zip(node.outputs, operator.OutputsAsNumpy().tolist(), strict=True))
    assert len(set(pairs.values())) == len(pairs) > 5
    for tensor, index in pairs.items():
        stored = file.Tensors(index)
        assert tensor is not None
        assert tensor.origin == stored.Name().decode()
        assert tensor.shape == tuple(stored.ShapeAsNumpy())
        assert TYPES[stored.Type()] == tensor.dtype.value
        if stored.Quantization().ScaleLength():
            assert tensor.quant is not None
            assert tensor.quant.scale == tuple(stored.Quantization().ScaleAsNumpy().tolist())
            assert tensor.quant.zero_point == tuple(stored.Quantization().ZeroPointAsNumpy().tolist())
        buffer = model.Buffers(stored.Buffer())
        if tensor.data is None:
            assert buffer.DataLength() == 0
        else:
            assert tensor.data.tobytes() == buffer.DataAsNumpy().tobytes()
            assert not tensor.data.flags.writeable


@pytest.mark.parametrize(
    ("type_name", "bits", "data", "values"),
    [
        ("int4", 4, [0x10, 0xFE, 0x87], [0, 1, -2, -1, 7]),
        ("uint4", 4, [0x10, 0xFE, 0x87], [0, 1, 14, 15, 7]),
        ("int2", 2, [0b11_10_01_00, 0b01], [0, 1, -2, -1, 1]),
    ],
)
def test_constants_of_which_a_byte_holds_several(type_name: str, bits: int, data: list[int], values: list[int]) -> None:
    w = changed(WEIGHTS, shape=(1, 5), quant=quant(0.5, 0))
    extras = Extras(type_codes={w: TYPES.index(type_name)}, raw={w: bytes(data)})
    made = attempt(dense(changed(X, shape=(1, 5)), w, None, changed(Y, shape=(1, 1)), extras)).graph
    got = made.nodes[0].input(1)
    assert got.data is not None and got.bits == bits
    assert (got.dtype.value, got.data.tolist()) == ("uint8" if type_name == "uint4" else "int8", [values])
    assert not got.data.flags.writeable


def test_operators_are_numbered_as_in_the_schema() -> None:
    numbers = {k: v for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
    assert {OPERATORS[v]: v for v in numbers.values()} == numbers
    types = {k.lower(): v for k, v in vars(tflite.TensorType).items() if isinstance(v, int)}
    assert {TYPES[v]: v for v in types.values()} == types


def test_one_layer() -> None:
    graph = load(dense(), "one layer")
    (node,) = graph.nodes
    assert graph.name == "one_layer"
    assert node.name == "fully_connected_0"
    assert node.op.title == "FULLY_CONNECTED"
    assert [t and t.name for t in node.inputs] == ["x", "w", "b"]
    assert graph.inputs == (node.inputs[0],)
    assert graph.outputs == node.outputs
    assert node.input(1).data is not None
    np.testing.assert_array_equal(node.input(1).data, WEIGHTS.data)
    assert node.input(1).quant == WEIGHTS.quant


def test_a_path_as_text_names_the_model_by_its_stem(tmp_path: Path) -> None:
    path = tmp_path / "3 héllo.tflite"
    path.write_bytes(dense())
    assert load(str(path)).name == "model_3_h_llo"


def test_an_absent_bias_is_none() -> None:
    assert load(dense(b=None)).nodes[0].inputs[2] is None


def test_a_batch_of_minus_one_is_frozen_to_one() -> None:
    graph = load(dense(extras=Extras(signatures={X: (-1, 8), Y: (-1, 4)})))
    assert graph.inputs[0].shape == (1, 8)
    open_batch = dense(changed(X, shape=(-1, 8)), y=changed(Y, shape=(-1, 4)))
    assert load(open_batch).outputs[0].shape == (1, 4)


def test_other_open_dimensions_of_an_input_are_refused() -> None:
    said = message(dense(extras=Extras(signatures={X: (-1, -1)})), Unsupported)
    assert said == (
        "m: tensor 0 'x': an input of variable shape [-1, -1]; convert with fixed shapes: "
        "keras.Input(batch_shape=(1, ...))"
    )


def test_a_bias_may_carry_the_axis_of_its_weights() -> None:
    weights = changed(WEIGHTS, quant=Quant((0.1, 0.2, 0.3, 0.4), (0, 0, 0, 0), 0))
    bias = changed(BIAS, quant=Quant((0.1, 0.2, 0.3, 0.4), (0, 0, 0, 0), 3))
    node = load(dense(w=weights, b=bias)).nodes[0]
    assert node.input(2).quant is not None
    assert node.input(2).quant.axis == 0
    assert node.input(1).quant is not None
    assert not node.input(1).quant.per_tensor


def test_two_inputs_and_two_outputs() -> None:
    a, b = (Tensor(n, (1, 4), DType.INT8, quant(0.5, 0)) for n in "ab")
    s, t = (Tensor(n, (1, 4), DType.INT8, quant(0.5, 0)) for n in "st")
    add = {"fused_activation_function": "NONE", "pot_scale_int16": True}
    data = write_model([Operator("ADD", (a, b), (s,), add), Operator("ADD", (s, s), (t,), add)], [b, a], [t, s])
    graph = load(data)
    assert [i.name for i in graph.inputs] == ["b", "a"]
    assert [o.name for o in graph.outputs] == ["t", "s"]


def test_missing_options_take_their_defaults() -> None:
    data = write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,))], [X], [Y])
    assert load(data).nodes[0].op == load(dense()).nodes[0].op


# ------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("int", "int_"),
        ('"); system("x', "system_x"),
        ("a\nb%s", "a_b_s"),
        ("größe", "gr_e"),
        ("", "tensor"),
        ("42", "tensor_42"),
        ("*/ #include", "include"),
        ("StatefulPartitionedCall:0", "StatefulPartitionedCall_0"),
    ],
)
def test_names_become_identifiers_and_the_users_own_is_kept(origin: str, name: str) -> None:
    graph = load(dense(changed(X, name=origin)))
    assert graph.inputs[0].name == name
    assert graph.inputs[0].origin == origin


def test_names_are_unique_whatever_the_case() -> None:
    graph = load(
        dense(changed(X, name="t"), changed(WEIGHTS, name="T"), changed(BIAS, name="t"), changed(Y, name="t "))
    )
    assert [t.name for t in graph.tensors] == ["t", "T_2", "t_3", "t_4"]


@pytest.mark.parametrize(
    "text", ["int", "_x_", "9" * 99, "int" * 30, "a" * 47 + "_b", "main", "", "ÄÖ", *sorted(KEYWORDS)]
)
def test_an_identifier_is_its_own_identifier(text: str) -> None:
    made = identifier(text)
    assert made.isascii()
    assert made.isidentifier()
    assert len(made) <= 49
    assert made not in KEYWORDS
    assert identifier(made) == made


def test_everything_that_stands_in_the_way_is_found() -> None:
    operators = [
        Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC),
        Operator("WHERE", (Y,), (Z,)),
        Operator("UNIQUE", (Z,), (changed(Z, name="u"),)),
    ]
    found = attempt(write_model(operators, [X], [Z]))
    assert [isinstance(o.made, MotesError) for o in found.operators] == [False, True, True]
    assert [o.name for o in found.operators] == ["FULLY_CONNECTED", "WHERE", "UNIQUE"]
    assert found.operators[1].shape == (1, 4)
    assert found.operators[1].type == "int8"
