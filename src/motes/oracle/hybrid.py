"""Hybrid models, float activations with int8 weights, as float models.

LiteRT quantizes the activations of such a model anew in each run; what the model means is its weights in float.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

WEIGHTS = {
    "CONV_2D": (1,),
    "DEPTHWISE_CONV_2D": (1,),
    "FULLY_CONNECTED": (1,),
    "TRANSPOSE_CONV": (1,),
    "BATCH_MATMUL": (1,),
    "SVDF": (1, 2),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 24)),
}
"""Operators that come with int8 weights and float activations, and which of their inputs are weights."""


def widen(model: bytes) -> bytes | None:
    """The model with float32 in place of the int8 weights that operators on float activations have; None: it has none.

    Args:
        model: the bytes of a .tflite file that another reader has found to be whole.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    tree = schema.ModelT.InitFromPackedBuf(model, 0)
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if name in WEIGHTS}
    widened = False
    for subgraph in tree.subgraphs:
        floats: dict[int, int] = {}  # int8 tensor -> its float twin
        for operator in subgraph.operators:
            name = names.get(tree.operatorCodes[operator.opcodeIndex].builtinCode)
            if name is None or subgraph.tensors[operator.outputs[0]].type != schema.TensorType.FLOAT32:
                continue
            operator.inputs = list(operator.inputs)
            for i in WEIGHTS[name]:
                if i >= len(operator.inputs) or operator.inputs[i] < 0:
                    continue
                index = int(operator.inputs[i])
                tensor = subgraph.tensors[index]
                if tensor.type != schema.TensorType.INT8 or tree.buffers[tensor.buffer].data is None:
                    continue
                if index not in floats:
                    floats[index] = len(subgraph.tensors)
                    subgraph.tensors.append(_widened(tensor, tree, schema))
                operator.inputs[i] = floats[index]
                widened = True
    if not widened:
        return None
    builder = flatbuffers.Builder(len(model))
    builder.Finish(tree.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _widened(tensor: Any, tree: Any, schema: Any) -> Any:
    """A float32 tensor of the same values, its buffer added to the model."""
    shape = tuple(tensor.shape)
    values = np.asarray(tree.buffers[tensor.buffer].data, np.uint8).view(np.int8).reshape(shape).astype(np.float32)
    scale = np.asarray(tensor.quantization.scale, np.float32)
    zero = np.zeros(1) if tensor.quantization.zeroPoint is None else np.asarray(tensor.quantization.zeroPoint)
    along = [1] * len(shape)
    if scale.size > 1:
        along[tensor.quantization.quantizedDimension] = scale.size
        zero = np.broadcast_to(zero, scale.shape)
        scale, zero = scale.reshape(along), zero.reshape(along)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(((values - zero.astype(np.float32)) * scale).astype(np.float32).tobytes(), np.uint8)
    tree.buffers.append(buffer)
    twin = copy.copy(tensor)
    twin.type, twin.quantization, twin.buffer = schema.TensorType.FLOAT32, None, len(tree.buffers) - 1
    return twin
