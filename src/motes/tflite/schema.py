"""The tables of TensorFlow Lite's schema, version 3, as values; nothing here is interpreted yet.

Source: `tensorflow/lite/schema/schema.fbs`. Slots are numbered in the order in which it declares the fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from motes.errors import BadInput, Unsupported
from motes.names import quoted
from motes.tflite.flatbuffer import Buffer, Table

LARGEST = 64 << 20
"""Bytes of the largest file that is opened."""

MOST_OPERATORS = 4096
"""Of all subgraphs: twice an LSTM unrolled over 128 steps; the time that plans take grows with the square."""

MOST_TENSORS = 1 << 16
"""Of all subgraphs: 16 an operator."""

MOST_SUBGRAPHS = 64
"""Bodies of IF and WHILE, signatures, initial values of variables."""

# fmt: off
TYPES = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64",
    "complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4",
)
# fmt: on
"""The schema's TensorType, by number."""

OPERATORS = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
    FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION
    LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH
    CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
    BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
    ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
    TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD
    RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N
    GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
    NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
    PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE
    HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
    ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
    DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
    UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
    STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
    STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
    STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
    STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
    STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
    STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
    STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
    STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT
""".split()  # noqa: SIM905
"""The schema's BuiltinOperator, by number."""

VARIABLE_OPERATORS = {"VAR_HANDLE": (0, 1), "CALL_ONCE": (0, 0), "READ_VARIABLE": (1, 1), "ASSIGN_VARIABLE": (2, 0)}
"""The operators of resource variables, with their numbers of inputs and outputs."""

RUNS = {"IF": (0, 1), "WHILE": (0, 1)}
"""The operators that run subgraphs with inputs, the last of their own; and which of their options name these."""

CUSTOM = OPERATORS.index("CUSTOM")

Code: TypeAlias = tuple[str, bool, int]
"""An operator's name, whether it is custom, and its version."""


@dataclass(frozen=True)
class StoredTensor:
    """One entry of a subgraph's `tensors`; `data` are the bytes of its buffer, empty where it is not a constant.

    Attributes:
        variable: it keeps its value from one execution to the next.
        special: such as "sparse"; "" for an ordinary tensor.
        within: " of subgraph 1", say; "" in the main one.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    type: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int
    data: memoryview
    variable: bool
    special: str
    within: str

    def __str__(self) -> str:
        return f"tensor {self.index} {quoted(self.name)}{self.within}"


@dataclass(frozen=True)
class StoredOperator:
    """One entry of a subgraph's `operators`; tensors by index, -1 for one that is left out.

    Attributes:
        options: of a builtin operator; those of a custom one are the bytes `custom_options`.
        version: of what the operator means, counted from 1.
        within: " of subgraph 1", say; "" in the main one.
    """

    index: int
    name: str
    custom: bool
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    custom_options: memoryview
    version: int
    within: str

    def __str__(self) -> str:
        return f"operator {self.index} ({'custom ' if self.custom else ''}{self.name}){self.within}"


@dataclass(frozen=True)
class StoredGraph:
    """One subgraph; its tensors by index."""

    index: int
    name: str
    tensors: tuple[StoredTensor, ...]
    operators: tuple[StoredOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def __str__(self) -> str:
        return f"subgraph {self.index} {quoted(self.name)}"


@dataclass(frozen=True)
class StoredModel:
    """A file's subgraphs: the first is the model, the others are what its operators call."""

    where: str
    subgraphs: tuple[StoredGraph, ...]


def read_bytes(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        BadInput: it cannot be read, or is larger than `LARGEST`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; give the path of a .tflite model") from None
    except IsADirectoryError:
        raise BadInput(f"{path}: a folder, not a .tflite file; convert a SavedModel to .tflite first") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); check the path and its permissions") from None
    if len(data) > LARGEST:
        raise BadInput(f"{path}: larger than {LARGEST >> 20} MiB; that is no model for a microcontroller")
    return data


def _looks_like(data: bytes) -> str:
    """What the first bytes of a file that is no .tflite suggest."""
    if not data:
        return "it is empty"
    if data.startswith(b"\x89HDF"):
        return "it looks like a Keras .h5 file; convert it with tf.lite.TFLiteConverter.from_keras_model"
    if data.startswith(b"PK"):
        return "it looks like a .keras or zip archive; convert it with tf.lite.TFLiteConverter.from_keras_model"
    if data.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with `git lfs pull`"
    if data[:1] == b"\x08" and b"onnx" in data[:256].lower():
        return "it looks like an ONNX file; convert it to .tflite first"
    return "bytes 4 to 7 should read TFL3"


def read_model(data: bytes, where: str) -> StoredModel:
    """The structure of a .tflite file, every offset checked.

    Raises:
        BadInput: not a .tflite file, or a damaged one.
        Unsupported: weights outside the flatbuffer, or another version of the schema.
    """
    if data[4:8] != b"TFL3":
        raise BadInput(f"{where}: not a .tflite file: {_looks_like(data)}")
    buffer = Buffer(data, where)
    model = buffer.root()
    if model.number(0, "I") != 3:
        raise Unsupported(
            where,
            f"schema version {model.number(0, 'I')}",
            "convert the model with TensorFlow 2, which writes version 3",
        )
    codes = [_operator_code(code) for code in model.tables(1, "operator code")]
    count = model.count(2, "the list of subgraphs")
    if count == 0:
        raise BadInput(f"{where}: the model has no subgraph, so there is nothing to run; convert it again")
    if count > MOST_SUBGRAPHS:
        raise Unsupported(where, f"has {count:,} subgraphs", f"{MOST_SUBGRAPHS} at most: convert it in parts")
    graphs = model.tables(2, "subgraph")
    _check_counts(graphs, where)
    buffers = model.tables(4, "buffer")
    return StoredModel(where, tuple(_graph(i, table, buffers, codes, where) for i, table in enumerate(graphs)))


def _graph(index: int, table: Table, buffers: tuple[Table, ...], codes: list[Code], where: str) -> StoredGraph:
    within = f" of subgraph {index}" if index else ""
    return StoredGraph(
        index,
        table.text(4, f"the name of subgraph {index}"),
        tuple(_tensor(i, t, buffers, where, within) for i, t in enumerate(table.tables(0, "tensor"))),
        tuple(_operator(i, t, codes, where, within) for i, t in enumerate(table.tables(3, "operator"))),
        table.numbers(1, "i", "the list of inputs"),
        table.numbers(2, "i", "the list of outputs"),
    )


def _check_counts(graphs: tuple[Table, ...], where: str) -> None:
    """Raise for more tensors or operators than anything is made for."""
    operators = sum(graph.count(3, "the list of operators") for graph in graphs)
    tensors = sum(graph.count(0, "the list of tensors") for graph in graphs)
    if operators > MOST_OPERATORS:
        raise Unsupported(
            where,
            f"has {operators:,} operators",
            f"{MOST_OPERATORS:,} at most: unroll recurrent layers over fewer steps",
        )
    if tensors > MOST_TENSORS:
        raise Unsupported(where, f"has {tensors:,} tensors", f"use a smaller model: {MOST_TENSORS:,} at most")


def _operator_code(code: Table) -> Code:
    """An operator's name, whether it is custom, and its version."""
    # Files from before 2020 hold the code in a signed byte only; newer ones in both while it fits.
    number, version = max(code.number(0, "b"), code.number(3, "i")), code.number(2, "i", 1)
    if number == CUSTOM:
        return quoted(code.text(1, "a custom operator's name")), True, version
    return (OPERATORS[number] if 0 <= number < len(OPERATORS) else f"builtin {number}"), False, version


def _tensor(index: int, table: Table, buffers: tuple[Table, ...], where: str, within: str) -> StoredTensor:
    what = f"tensor {index}{within}"
    name = table.text(3, f"the name of {what}")
    number, place = table.number(1, "b"), table.number(2, "I")
    if not 0 <= number < len(TYPES):
        raise BadInput(f"{where}: {what} {quoted(name)} has the unknown element type {number}; convert the model again")
    if place >= max(len(buffers), 1):
        raise BadInput(
            f"{where}: {what} {quoted(name)} refers to buffer {place}, but there are {len(buffers)}; "
            "the file is damaged: convert the model again"
        )
    data = _data(buffers[place], place, where) if buffers else memoryview(b"")
    quantization = table.table(4, f"the quantization of {what}")
    special = ""
    if quantization is not None and quantization.number(4, "B"):
        special = "quantized by blocks, or in a way of its own"
    if table.table(6, f"the sparsity of {what}") is not None:
        special = "sparse"
    return StoredTensor(
        index,
        name,
        table.numbers(0, "i", f"the shape of {what}"),
        table.numbers(7, "i", f"the shape signature of {what}"),
        TYPES[number],
        quantization.reals(2, f"the scales of {what}") if quantization else (),
        quantization.numbers(3, "q", f"the zero points of {what}") if quantization else (),
        quantization.number(6, "i") if quantization else 0,
        data,
        bool(table.number(5, "B")),
        special,
        within,
    )


def _data(buffer: Table, index: int, where: str) -> memoryview:
    """The bytes of a constant, without a copy."""
    if buffer.number(1, "Q") > 1 or buffer.number(2, "Q") > 1:
        raise Unsupported(where, f"buffer {index} lies outside the flatbuffer", "convert it to a file below 2 GB")
    return buffer.raw(0, 1, f"the data of buffer {index}") or memoryview(b"")


def _operator(index: int, table: Table, codes: list[Code], where: str, within: str) -> StoredOperator:
    what = f"operator {index}{within}"
    code = table.number(0, "I")
    if code >= len(codes):
        raise BadInput(
            f"{where}: {what} has operator code {code}, but there are {len(codes)}; the file is damaged: "
            "convert the model again"
        )
    name, custom, version = codes[code]
    return StoredOperator(
        index,
        name,
        custom,
        table.numbers(1, "i", f"the inputs of {what}"),
        table.numbers(2, "i", f"the outputs of {what}"),
        table.table(4, f"the options of {what}"),
        table.raw(5, 1, f"the options of {what}") or memoryview(b""),
        version,
        within,
    )
