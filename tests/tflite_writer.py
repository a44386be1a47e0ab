"""Writes small .tflite files: any operators, shapes, quantizations and options, sensible or absurd.

    x = Tensor("x", (1, 8), DType.INT8, quant(0.5, -3))
    y = Tensor("y", (1, 8), DType.INT8, quant(1 / 256, -128))
    data = write_model([Operator("SOFTMAX", (x,), (y,), {"beta": 1.0})], [x], [y])

Nothing is checked, so that files no converter would make can be made. Tensors are the project's own `motes.ir.Tensor`;
those with `data` become constants, int4 where they have 4 `bits`, and what VAR_HANDLE writes is a handle. Options carry
the field names of TensorFlow Lite's schema.fbs; those of a custom operator are any map.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite
from flatbuffers import flexbuffers

from motes.ir import DType, Tensor

# Options tables that are not named like their operator.
_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "TOPK_V2": "TopKV2Options",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "PADV2": "PadV2Options",
    "L2_NORMALIZATION": "L2NormOptions",
    "REVERSE_V2": "ReverseV2Options",
    "SPACE_TO_BATCH_ND": "SpaceToBatchNDOptions",
    "BATCH_TO_SPACE_ND": "BatchToSpaceNDOptions",
    "SVDF": "SVDFOptions",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "UnidirectionalSequenceLSTMOptions",
}

# Operators for which the schema has no options table.
_WITHOUT_TABLE = {
    "BROADCAST_ARGS",
    "EMBEDDING_LOOKUP",
    "CEIL",
    "ELU",
    "FLOOR",
    "LOG",
    "LOGISTIC",
    "PRELU",
    "RELU",
    "RELU6",
    "RELU_0_TO_1",
    "RELU_N1_TO_1",
    "ROUND",
    "RSQRT",
    "SIN",
    "SQRT",
    "TANH",
}

# Options whose values may be given by name.
_ENUMS: Mapping[str, type] = {
    "padding": tflite.Padding,
    "fused_activation_function": tflite.ActivationFunctionType,
    "weights_format": tflite.FullyConnectedOptionsWeightsFormat,
}

_TYPES = {d: getattr(tflite.TensorType, d.name) for d in DType}


@dataclass(frozen=True)
class Operator:
    """One operator of a file; `options` by their names in the schema, enumerations by name or number.

    Those of a custom operator become a FlexBuffer, and bytes stay as they are.
    """

    builtin: str | int  # "CONV_2D", "CUSTOM", or any code
    inputs: Sequence[Tensor | None]
    outputs: Sequence[Tensor]
    options: Mapping[str, Any] | bytes | None = None  # None: no options at all
    table: str | None = None  # the options table, where it is not the operator's own
    version: int = 1
    custom_code: str | None = None


@dataclass(frozen=True)
class Subgraph:
    """What an operator of the main subgraph calls by its index: the first has index 1."""

    operators: Sequence[Operator]
    inputs: Sequence[Tensor] = ()
    outputs: Sequence[Tensor] = ()
    name: str = "body"


@dataclass(frozen=True)
class Extras:
    """What a file may hold beyond the ordinary."""

    type_codes: Mapping[Tensor, int] = field(default_factory=dict)  # instead of the tensor's own dtype
    raw: Mapping[Tensor, bytes] = field(default_factory=dict)  # constant bytes instead of the tensor's own data
    variables: frozenset[Tensor] = frozenset()
    sparse: frozenset[Tensor] = frozenset()
    outside: frozenset[Tensor] = frozenset()  # constants that lie behind the flatbuffer, as in files above 2 GB
    buffers: Mapping[Tensor, int] = field(default_factory=dict)  # instead of the tensor's own
    signatures: Mapping[Tensor, Sequence[int]] = field(default_factory=dict)  # shapes with -1
    subgraphs: Sequence[Subgraph] = ()  # behind the main one
    headless: bool = False  # without the main one
    version: int = 3
    identifier: bytes = b"TFL3"
    description: str = "motes tests"
    name: str = "main"


def write_model(
    operators: Sequence[Operator], inputs: Sequence[Tensor], outputs: Sequence[Tensor], extras: Extras | None = None
) -> bytes:
    """The bytes of a .tflite file: `operators` in this order, and the subgraphs they call."""
    extras = extras or Extras()
    build = flatbuffers.Builder(1024)
    graphs = [*([] if extras.headless else [Subgraph(operators, inputs, outputs, extras.name)]), *extras.subgraphs]
    codes = list(dict.fromkeys(_code(op) for graph in graphs for op in graph.operators))
    code_tables = [_operator_code(build, *code) for code in codes]
    buffers = [_table(build, "Buffer")]
    subgraphs = [_subgraph(build, graph, codes, buffers, extras) for graph in graphs]
    model = _table(
        build,
        "Model",
        Version=extras.version,
        OperatorCodes=_offsets(build, code_tables),
        Subgraphs=_offsets(build, subgraphs),
        Description=build.CreateString(extras.description),
        Buffers=_offsets(build, buffers),
    )
    build.Finish(model, file_identifier=extras.identifier)
    return bytes(build.Output())


def _subgraph(build: Any, graph: Subgraph, codes: list[Any], buffers: list[int], extras: Extras) -> int:
    """A subgraph; what its constants hold is put behind `buffers`."""
    tensors = _all_tensors(graph)
    contents = [extras.raw.get(t, None if t.data is None else _raw(t)) for t in tensors]
    constants = [(t, c) for t, c in zip(tensors, contents, strict=True) if c is not None]
    numbers = iter(range(len(buffers), len(buffers) + len(constants)))
    buffers += [_buffer(build, c, t in extras.outside) for t, c in constants]
    handles = {t for op in graph.operators if op.builtin == "VAR_HANDLE" for t in op.outputs}
    fours = dict.fromkeys((t for t in tensors if t.bits == 4), tflite.TensorType.INT4)
    types = {**fours, **dict.fromkeys(handles, tflite.TensorType.RESOURCE), **extras.type_codes}
    tensor_tables = [
        _tensor(build, t, types.get(t, _TYPES[t.dtype]), 0 if c is None else next(numbers), extras)
        for t, c in zip(tensors, contents, strict=True)
    ]
    index = {t: i for i, t in enumerate(tensors)}
    operator_tables = [_operator(build, op, codes.index(_code(op)), index) for op in graph.operators]
    return _table(
        build,
        "SubGraph",
        Tensors=_offsets(build, tensor_tables),
        Inputs=_ints(build, [index[t] for t in graph.inputs]),
        Outputs=_ints(build, [index[t] for t in graph.outputs]),
        Operators=_offsets(build, operator_tables),
        Name=build.CreateString(graph.name),
    )


def _all_tensors(graph: Subgraph) -> list[Tensor]:
    found = [*graph.inputs]
    for op in graph.operators:
        found += [t for t in (*op.inputs, *op.outputs) if t is not None]
    return list(dict.fromkeys([*found, *graph.outputs]))


def _raw(tensor: Tensor) -> bytes:
    array = np.ascontiguousarray(tensor.data)
    if tensor.bits == 4:
        fours = np.resize(array.astype(np.uint8) & 15, array.size + array.size % 2)
        return bytes(fours[0::2] | fours[1::2] << 4)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _buffer(build: Any, data: bytes, outside: bool) -> int:
    if outside:
        return _table(build, "Buffer", Offset=1 << 31, Size=len(data))
    return _table(build, "Buffer", Data=_bytes(build, data))


def _tensor(build: Any, tensor: Tensor, code: int, buffer: int, extras: Extras) -> int:
    quantization = None
    if tensor.quant is not None:
        quantization = _table(
            build,
            "QuantizationParameters",
            Scale=_vector(build, np.asarray(tensor.quant.scale, np.float32)),
            ZeroPoint=_vector(build, np.asarray(tensor.quant.zero_point, np.int64)),
            QuantizedDimension=tensor.quant.axis or 0,
        )
    signature = extras.signatures.get(tensor)
    return _table(
        build,
        "Tensor",
        Shape=_ints(build, tensor.shape),
        Type=code,
        Buffer=extras.buffers.get(tensor, buffer),
        Name=build.CreateString(tensor.name),
        Quantization=quantization,
        IsVariable=tensor in extras.variables,
        Sparsity=_table(build, "SparsityParameters") if tensor in extras.sparse else None,
        ShapeSignature=None if signature is None else _ints(build, signature),
    )


def _code(op: Operator) -> tuple[int, int, str | None]:
    code = op.builtin if isinstance(op.builtin, int) else getattr(tflite.BuiltinOperator, op.builtin)
    return code, op.version, op.custom_code


def _operator_code(build: Any, code: int, version: int, custom: str | None) -> int:
    return _table(
        build,
        "OperatorCode",
        DeprecatedBuiltinCode=min(code, tflite.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES),
        BuiltinCode=code,
        Version=version,
        CustomCode=None if custom is None else build.CreateString(custom),
    )


def _operator(build: Any, op: Operator, code: int, index: Mapping[Tensor, int]) -> int:
    fields: dict[str, int] = {}
    if isinstance(op.options, bytes) or (op.options is not None and op.builtin == "CUSTOM"):
        stored = op.options if isinstance(op.options, bytes) else bytes(flexbuffers.Dumps(dict(op.options)))
        fields["CustomOptions"] = _bytes(build, stored)
    elif op.options is not None and op.builtin not in _WITHOUT_TABLE:
        name = op.table or _TABLES.get(str(op.builtin), str(op.builtin).title().replace("_", "") + "Options")
        options = {_camel(key): _option(build, key, value) for key, value in op.options.items()}
        fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, name)
        fields["BuiltinOptions"] = _table(build, name, **options)
    return _table(
        build,
        "Operator",
        OpcodeIndex=code,
        Inputs=_ints(build, [-1 if t is None else index[t] for t in op.inputs]),
        Outputs=_ints(build, [index[t] for t in op.outputs]),
        **fields,
    )


def _option(build: Any, key: str, value: Any) -> Any:
    if isinstance(value, str):
        return getattr(_ENUMS[key], value) if key in _ENUMS else build.CreateString(value)
    return value if isinstance(value, bool | int | float) else _ints(build, value)


def _camel(name: str) -> str:
    return re.sub(r"(?:^|_)([a-z0-9])", lambda m: m[1].upper(), name)


def _table(build: Any, table: str, **fields: Any) -> int:
    """A table of the schema with these fields; None leaves a field out."""
    getattr(tflite, f"{table}Start")(build)
    for name, value in fields.items():
        if value is not None:
            getattr(tflite, f"{table}Add{name}")(build, value)
    return int(getattr(tflite, f"{table}End")(build))


def _bytes(build: Any, data: bytes) -> int:
    """A byte vector on a 16-byte boundary, as the schema demands of buffers."""
    build.StartVector(1, len(data), 16)
    build.head -= len(data)
    build.Bytes[build.head : build.head + len(data)] = data
    return int(build.EndVector())


def _vector(build: Any, array: Any) -> int:
    return int(build.CreateNumpyVector(array))


def _ints(build: Any, values: Sequence[int]) -> int:
    return _vector(build, np.asarray(values, np.int32))


def _offsets(build: Any, tables: Sequence[int]) -> int:
    build.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        build.PrependUOffsetTRelative(table)
    return int(build.EndVector())
