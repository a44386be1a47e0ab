"""Every file that the importer refuses gets its message."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import tflite

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Graph, Quant, Tensor, quant
from motes.tflite import load
from motes.tflite.schema import TYPES
from motes.wellformed import verify
from tflite_small import BIAS, FC, WEIGHTS, X, Y, Z, changed, dense, message
from tflite_writer import Extras, Operator, Subgraph, write_model

MODELS = (
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/ad01_int8",
    "mlperf_tiny/str_ww_ref_model",
    "tflm/person_detect",
    "tflm/micro_speech_quantized",
    "tflm/hello_world_int8",
)


# ------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"hello, world", "bytes 4 to 7 should read TFL3"),
        (b"\x89HDF\r\n", "it looks like a Keras .h5 file; convert it with tf.lite.TFLiteConverter.from_keras_model"),
        (
            b"PK\3\4....",
            "it looks like a .keras or zip archive; convert it with tf.lite.TFLiteConverter.from_keras_model",
        ),
        (b"version https://git-lfs.example/1", "it is a Git LFS pointer; fetch the file itself with `git lfs pull`"),
        (b"\x08\x07\x12\x04onnx", "it looks like an ONNX file; convert it to .tflite first"),
    ],
)
def test_not_a_tflite_file(data: bytes, why: str) -> None:
    assert message(data, BadInput) == f"m: not a .tflite file: {why}"


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.tflite: no such file; give the path of a \.tflite model"):
        load(tmp_path / "gone.tflite")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a folder, not a \.tflite file; convert a SavedModel to \.tflite first"):
        load(tmp_path)


def test_a_name_no_file_can_have() -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        load("a\0b")


def test_a_file_beyond_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.tflite"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(BadInput, match="larger than 64 MiB; that is no model for a microcontroller"):
        load(path)


@pytest.mark.parametrize("name", MODELS)
def test_truncated_at_every_64th_byte(shared: Path, name: str) -> None:
    data = (shared / "models" / f"{name}.tflite").read_bytes()
    for size in range(64, len(data), 64):
        said = message(data[:size], BadInput)
        assert said.startswith("m: damaged .tflite file: ")
        assert said.endswith(f"into its {size} bytes; it was cut short or altered: copy it or convert it again")


def test_truncated_anywhere() -> None:
    data = dense()
    for size in range(8, len(data)):
        with pytest.raises(MotesError):
            load(data[:size])


def test_an_offset_out_of_bounds() -> None:
    data = bytearray(dense())
    data[0:4] = struct.pack("<I", 0x7FFFFFF0)
    assert message(bytes(data), BadInput) == (
        f"m: damaged .tflite file: the root table at byte 2147483632 does not fit into its {len(data)} bytes; "
        "it was cut short or altered: copy it or convert it again"
    )


@pytest.mark.parametrize("value", [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF0])
def test_every_word_may_be_anything(value: int) -> None:
    data = dense()
    for at in range(0, len(data) - 3, 2):
        survives(data[:at] + struct.pack("<I", value) + data[at + 4 :])


def survives(data: bytes) -> None:
    """The file is imported, or refused with a clear error."""
    try:
        graph = load(data)
    except MotesError as error:
        assert len(str(error)) > 20
    else:
        assert isinstance(verify(graph), Graph)


def test_tables_that_overlap_are_not_read_for_ever() -> None:
    tensors = [Tensor("n" * 40_000, (1, 1), DType.INT8), *(Tensor("t", (1, 1), DType.INT8) for _ in range(600))]
    data = bytearray(write_model([Operator("SOFTMAX", tensors, [Y])], [tensors[0]], [Y]))
    stored = tflite.Model.GetRootAs(bytes(data), 0).Subgraphs(0)
    places = [t.Pos + t.Offset(10) for t in (stored.Tensors(i)._tab for i in range(601))]  # of the field `name`
    (distance,) = struct.unpack_from("<I", data, places[0])
    for place in places:  # one name of 40 kB, shared by all
        struct.pack_into("<I", data, place, places[0] + distance - place)
    assert len(data) < 100_000
    assert message(bytes(data), BadInput) == (
        "m: its tables take more than 16 MiB without the weights; that is no model for a microcontroller, or the file "
        "is damaged"
    )


def repeated(slot: int, count: int) -> bytes:
    """A model whose subgraph has, in field `slot`, a list of `count` offsets that all lead to one empty table."""
    data = bytearray(dense())
    subgraph = tflite.Model.GetRootAs(bytes(data), 0).Subgraphs(0)._tab
    field = subgraph.Pos + subgraph.Offset(4 + 2 * slot)
    data += bytes(-len(data) % 4)
    start = len(data)
    table = start + 4 + 4 * count + 4  # behind its field list
    places = np.arange(start + 4, start + 4 + 4 * count, 4)
    data += struct.pack("<I", count) + (table - places).astype("<u4").tobytes() + struct.pack("<HHi", 4, 4, 4)
    struct.pack_into("<I", data, field, start - field)
    return bytes(data)


@pytest.mark.parametrize(
    ("slot", "count", "words"),
    [
        (3, 1_000_000, "m: has 1,000,000 operators; 4,096 at most: unroll recurrent layers over fewer steps"),
        (0, 1_000_000, "m: has 1,000,000 tensors; use a smaller model: 65,536 at most"),
    ],
)
def test_lists_that_lead_to_one_table(slot: int, count: int, words: str) -> None:
    assert message(repeated(slot, count), Unsupported) == words


def test_an_operator_of_thousands_of_inputs_of_one_name() -> None:
    inputs = [Tensor("t", (1,), DType.INT8, quant(0.5, 0)) for _ in range(30_000)]
    said = message(write_model([Operator("ADD", inputs, (Y,), {})], inputs[:1], [Y]), BadInput)
    assert "ADD add_0 (operator 0): reads tensor t_2 before anything has written it" in said


def test_constants_that_share_their_bytes() -> None:
    """A file of 33 MiB that would become 66 MiB of flash."""
    size = 33 << 20
    first = Tensor("first", (1, size), DType.INT8, quant(0.5, 0), np.zeros((1, size), np.int8))
    second = changed(first, name="second", data=None)
    x = Tensor("x", (1, size), DType.INT8, quant(0.5, 0))
    y, z = changed(Y, shape=(1, 1)), changed(Z, shape=(1, 1))
    operators = [Operator("FULLY_CONNECTED", (x, first, None), (y,), FC), Operator("ADD", (second, second), (z,), {})]
    said = message(write_model(operators, [x], [z], Extras(buffers={second: 1})), Unsupported)
    assert said.endswith(
        "'second': brings the constants to 69,206,016 bytes; use a smaller model: 64 MiB in all are the most"
    )


# ------------------------------------------------------------------------------------------------ models


def test_another_schema_version() -> None:
    assert message(dense(extras=Extras(version=4)), Unsupported) == (
        "m: schema version 4; convert the model with TensorFlow 2, which writes version 3"
    )


def test_too_many_subgraphs() -> None:
    assert load(dense(extras=Extras(subgraphs=[Subgraph([])] * 63))).nodes
    assert message(dense(extras=Extras(subgraphs=[Subgraph([])] * 64)), Unsupported) == (
        "m: has 65 subgraphs; 64 at most: convert it in parts"
    )


def test_operators_and_tensors_of_all_subgraphs_count() -> None:
    body = Subgraph([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)] * 1024, [X], [Y])
    assert message(dense(extras=Extras(subgraphs=[body] * 4)), Unsupported) == (
        "m: has 4,097 operators; 4,096 at most: unroll recurrent layers over fewer steps"
    )


def test_no_subgraph() -> None:
    assert message(dense(extras=Extras(headless=True)), BadInput) == (
        "m: the model has no subgraph, so there is nothing to run; convert it again"
    )


def test_no_operators() -> None:
    assert message(write_model([], [X], [Y]), BadInput) == (
        "m: the model has no operators: there is nothing to run; convert a trained model again"
    )


def test_too_many_operators() -> None:
    data = write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)] * 4097, [X], [Y])
    assert message(data, Unsupported) == (
        "m: has 4,097 operators; 4,096 at most: unroll recurrent layers over fewer steps"
    )


@pytest.mark.parametrize("what", ["input", "output"])
def test_no_inputs_or_outputs(what: str) -> None:
    operators = [Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)]
    data = write_model(operators, [] if what == "input" else [X], [] if what == "output" else [Y])
    assert message(data, BadInput) == f"m: the model has no {what}; convert it again with at least one"


def test_a_repeated_input() -> None:
    data = write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)], [X, X], [Y])
    assert message(data, BadInput) == "m: tensor 0 'x' is input 0 and input 1 of the model; name each input once"


def test_a_constant_input() -> None:
    data = write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)], [X, BIAS], [Y])
    assert message(data, BadInput) == (
        "m: tensor 1 'b', input 1 of the model, is a constant; leave it out and convert again"
    )


def test_an_output_that_nothing_writes() -> None:
    data = write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)], [X], [Y, changed(Y, name="z")])
    assert message(data, BadInput) == "m: nothing writes its output z"


def test_a_tensor_that_is_written_twice() -> None:
    layer = Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)
    assert "tensor y is produced twice; each tensor may have one producer only" in message(
        write_model([layer, layer], [X], [Y]), BadInput
    )


def test_a_tensor_that_nothing_writes() -> None:
    other = changed(X, name="other")
    said = message(write_model([Operator("FULLY_CONNECTED", (other, WEIGHTS, BIAS), (Y,), FC)], [X], [Y]), BadInput)
    assert "FULLY_CONNECTED fully_connected_0 (operator 0): reads tensor other before anything has written it" in said


def test_an_operator_that_writes_a_constant() -> None:
    operators = [Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (BIAS,), FC)]
    assert message(write_model(operators, [X], [Y]), BadInput) == (
        "m: operator 0 (FULLY_CONNECTED) writes the constant b; the file is damaged: convert it again"
    )


def test_an_unsupported_operator_names_itself_and_what_is_there() -> None:
    operators = [
        Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC),
        Operator("NON_MAX_SUPPRESSION_V5", (Y,), (Z,)),
    ]
    said = message(write_model(operators, [X], [Z]), Unsupported)
    assert said == (
        "m: operator 1: NON_MAX_SUPPRESSION_V5 is not one that Motes knows; `motes ops` lists those it knows: build "
        "the model from these, or split it before this operator"
    )


def test_a_custom_operator_names_itself_on_one_line() -> None:
    data = write_model([Operator("CUSTOM", (X,), (Y,), custom_code="Evil\n%s")], [X], [Y])
    assert message(data, Unsupported).startswith(
        "m: operator 0: custom operator 'Evil\\n%s' is not one that Motes knows"
    )


def test_recurrent_layers_that_were_converted_to_lists_of_tensors() -> None:
    way_out = (
        "; start the recurrent Keras model with keras.Input(batch_shape=(1, steps, features)) and convert it with "
        "TFLITE_BUILTINS only; or give its layers unroll=True"
    )
    reserve = write_model([Operator("CUSTOM", (X,), (Y,), custom_code="FlexTensorListReserve")], [X], [Y])
    what = "m: operator 0: custom operator 'FlexTensorListReserve' is not one that Motes knows"
    assert message(reserve, Unsupported) == what + way_out
    items = write_model([Operator("RESHAPE", (X,), (Y,))], [X], [Y], Extras(type_codes={Y: tflite.TensorType.VARIANT}))
    assert message(items, Unsupported) == "m: tensor 1 'y': has elements of type variant" + way_out


def test_an_operator_that_this_version_of_the_schema_does_not_name() -> None:
    data = write_model([Operator(5000, (X,), (Y,))], [X], [Y])
    assert message(data, Unsupported).startswith("m: operator 0: builtin 5000 is not one that Motes knows")


def test_a_version_of_an_operator_from_the_future() -> None:
    def of_version(version: int) -> bytes:
        return write_model([Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC, version=version)], [X], [Y])

    assert load(of_version(14)).nodes
    assert message(of_version(15), Unsupported) == (
        "m: operator 0 (FULLY_CONNECTED): is of version 15, but 14 is the newest that is known; convert the model with "
        "TensorFlow 2.21, or install a newer Motes"
    )


def test_versions_of_operators_that_had_one_only() -> None:
    data = write_model([Operator("HARD_SWISH", (X,), (Y,), version=2)], [X], [Y])
    assert "operator 0 (HARD_SWISH): is of version 2, but 1 is the newest that is known" in message(data, Unsupported)


@pytest.mark.parametrize("builtin", ["FILL", "BROADCAST_TO"])
def test_a_shape_that_only_the_inputs_know(builtin: str) -> None:
    dims, made = Tensor("dims", (2,), DType.INT32), changed(X, name="made", shape=(2, 4))
    value = changed(X, name="value", shape=(), data=np.array(3, np.int8))
    inputs = (dims, value) if builtin == "FILL" else (X, dims)
    data = write_model([Operator(builtin, inputs, (made,))], [X, dims], [made], Extras(signatures={made: (-1, -1)}))
    said = message(data, BadInput)
    assert said.startswith(
        f"m: {builtin} {builtin.lower()}_0 (operator 0): input {inputs.index(dims)}, dims, must be a "
    )
    assert said.endswith("freeze the model, convert again")


def test_a_computed_shape_of_a_reshape_leaves_the_shape_in_the_file() -> None:
    dims, made = Tensor("dims", (2,), DType.INT32), changed(X, name="made", shape=(2, 4))
    data = write_model(
        [Operator("RESHAPE", (X, dims), (made,))], [X, dims], [made], Extras(signatures={made: (-1, -1)})
    )
    assert load(data, "m").outputs[0].shape == (2, 4)


def test_an_old_uint8_model_gets_the_lines_to_change() -> None:
    x, y = (changed(t, dtype=DType.UINT8, quant=quant(0.5, 128)) for t in (X, Y))
    said = message(dense(x, y=y), Unsupported)
    assert said.startswith("m: FULLY_CONNECTED fully_connected_0 (operator 0): x uint8[1, 8] is not int8; ")
    for line in (
        "converter.optimizations = [tf.lite.Optimize.DEFAULT]",
        "converter.representative_dataset = ",
        "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]",
        "converter.inference_input_type = tf.int8",
        "converter.inference_output_type = tf.int8",
    ):
        assert line in said


def test_weights_without_scales_get_them_too() -> None:
    said = message(dense(w=changed(WEIGHTS, quant=None)), Unsupported)
    assert "have no scales; " in said and "converter.representative_dataset = " in said


# ------------------------------------------------------------------------------------------------ tensors


def test_zero_size() -> None:
    assert message(dense(changed(X, shape=(1, 0))), BadInput) == (
        "m: tensor 0 'x' has the shape [1, 0], so no elements; convert the model again with fixed, positive shapes"
    )


def test_a_negative_dimension() -> None:
    assert "has the shape [1, -8], so no elements" in message(dense(changed(X, shape=(1, -8))), BadInput)


def test_too_many_dimensions() -> None:
    assert message(dense(changed(X, shape=(1,) * 8 + (8,))), Unsupported) == (
        "m: tensor 0 'x': has 9 dimensions; reshape it to 8 at most"
    )


def test_a_tensor_larger_than_any_memory() -> None:
    assert message(dense(changed(X, shape=(2**31 - 1,) * 8)), Unsupported).endswith(
        "bytes; use a smaller model: no tensor may exceed 64 MiB"
    )


@pytest.mark.parametrize("name", ["float64", "string", "int4", "complex64"])
def test_a_type_that_is_not_there(name: str) -> None:
    said = message(dense(extras=Extras(type_codes={X: TYPES.index(name)})), Unsupported)
    assert said.startswith(f"m: tensor 0 'x': has elements of type {name}; convert with full integer quantization: ")


def test_weights_of_four_bits_by_the_byte() -> None:
    packed = changed(WEIGHTS, bits=4)
    assert message(dense(w=packed, extras=Extras(raw={packed: bytes(17)})), BadInput) == (
        "m: tensor 1 'w' has 17 bytes of data, but int4[4, 8] takes 16; the file is damaged: convert the model again"
    )


def test_a_type_that_nobody_knows() -> None:
    assert message(dense(extras=Extras(type_codes={X: 99})), BadInput) == (
        "m: tensor 0 'x' has the unknown element type 99; convert the model again"
    )


def test_sparse_weights() -> None:
    assert message(dense(extras=Extras(sparse=frozenset([WEIGHTS]))), Unsupported) == (
        "m: tensor 1 'w': is sparse; convert a dense, stateless model with ordinary post-training int8 quantization"
    )


def test_a_buffer_that_is_not_there() -> None:
    assert message(dense(extras=Extras(buffers={WEIGHTS: 9})), BadInput) == (
        "m: tensor 1 'w' refers to buffer 9, but there are 3; the file is damaged: convert the model again"
    )


def test_weights_outside_the_flatbuffer() -> None:
    assert message(dense(extras=Extras(outside=frozenset([WEIGHTS]))), Unsupported) == (
        "m: buffer 1 lies outside the flatbuffer; convert it to a file below 2 GB"
    )


@pytest.mark.parametrize("size", [1, 31, 33])
def test_constants_of_the_wrong_length(size: int) -> None:
    assert message(dense(extras=Extras(raw={WEIGHTS: bytes(size)})), BadInput) == (
        f"m: tensor 1 'w' has {size} bytes of data, but int8[4, 8] takes 32; "
        "the file is damaged: convert the model again"
    )


def test_scales_without_their_zero_points() -> None:
    assert message(dense(changed(X, quant=Quant((0.5,), ()))), BadInput) == (
        "m: tensor 0 'x' has 1 scales but 0 zero points; the file is damaged: convert the model again"
    )


def test_scales_that_do_not_fit_the_shape() -> None:
    weights = changed(WEIGHTS, quant=Quant((0.5,) * 3, (0,) * 3, 0))
    assert message(dense(w=weights), BadInput) == (
        "m: tensor 1 'w' has 3 scales along axis 0, but the shape [4, 8]; the file is damaged: convert the model again"
    )
    weights = changed(WEIGHTS, quant=Quant((0.5,) * 4, (0,) * 4, 7))
    assert "has 4 scales along axis 7, but the shape [4, 8]" in message(dense(w=weights), BadInput)


def test_the_scale_of_an_attention_mask() -> None:
    scale = float(np.float32(np.finfo(np.float32).max / 255))
    assert load(dense(changed(X, quant=Quant((scale,), (127,))), y=changed(Y, quant=quant(scale, 0)))).nodes


@pytest.mark.parametrize("scale", [float("nan"), float("inf"), -0.5, 0.0, 1e-38, 1e38])
def test_scales_that_are_no_scales(scale: float) -> None:
    said = message(dense(changed(X, quant=Quant((scale,), (0,)))), BadInput)
    assert said.startswith("m: tensor 0 'x' has the scale ")
    assert said.endswith("; scales are positive and finite: quantize the model again, with representative data")


def test_a_zero_point_outside_its_type() -> None:
    assert message(dense(changed(X, quant=quant(0.5, 200))), BadInput) == (
        "m: tensor 0 'x' has the zero point 200, outside of int8; convert the model again"
    )


def test_an_option_that_is_not_a_number() -> None:
    options = {"beta": float("nan")}
    said = message(write_model([Operator("SOFTMAX", (Y,), (Z,), options)], [Y], [Z]), BadInput)
    assert said == "m: operator 0 (SOFTMAX): the option beta is nan; it must be a finite number"
