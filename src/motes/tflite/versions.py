"""Versions of builtin operators: each new one may mean something else by the same options.

TensorFlow Lite Micro does not look at them; LiteRT refuses what it does not know, and so does this importer.
Source: the operators that LiteRT's `tflite/core/kernels/register.cc` registers, of 2026.
"""

from __future__ import annotations

from motes.errors import Unsupported
from motes.tflite.schema import StoredOperator

NEWEST = {
    name: version
    for version, names in {
        2: "DEPTH_TO_SPACE DIV EXP FLOOR_MOD GELU GREATER L2_NORMALIZATION LEAKY_RELU LESS_EQUAL LOG LOG_SOFTMAX"
        " REDUCE_PROD SELECT_V2 SIGN SPACE_TO_DEPTH SPLIT_V SQRT SQUARED_DIFFERENCE SQUEEZE SUM",
        3: "ARG_MAX ARG_MIN AVERAGE_POOL_2D BROADCAST_TO FLOOR_DIV GREATER_EQUAL LESS LOGISTIC MAX_POOL_2D MEAN"
        " MIRROR_PAD REDUCE_MAX REDUCE_MIN RELU RELU6 REVERSE_V2 RSQRT SOFTMAX TANH TILE TOPK_V2",
        4: "BATCH_MATMUL BATCH_TO_SPACE_ND FILL MAXIMUM MINIMUM NOT_EQUAL PACK RESIZE_BILINEAR"
        " RESIZE_NEAREST_NEIGHBOR SELECT SPACE_TO_BATCH_ND SPLIT SVDF UNIDIRECTIONAL_SEQUENCE_LSTM UNPACK",
        5: "ABS ADD CONCATENATION DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP EQUAL GATHER_ND PAD PADV2 QUANTIZE SUB"
        " TRANSPOSE_CONV",
        7: "DEPTHWISE_CONV_2D GATHER MUL SLICE TRANSPOSE",
        8: "CAST CONV_2D DEQUANTIZE STRIDED_SLICE",
        14: "FULLY_CONNECTED",
    }.items()
    for name in names.split()
}
"""The newest version of each operator that has more than one."""


def check_version(operator: StoredOperator) -> None:
    """Raise `Unsupported` for a builtin operator of a version that is not known."""
    newest = NEWEST.get(operator.name, 1)
    if not operator.custom and operator.version > newest:
        raise Unsupported(
            operator,
            f"is of version {operator.version}, but {newest} is the newest that is known",
            "convert the model with TensorFlow 2.21, or install a newer Motes",
        )
