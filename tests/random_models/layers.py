"""Layers with weights, windows and reductions."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import DType, Tensor
from random_models.elementwise import same
from random_models.growing import MOST_ELEMENTS, Grow, Growing


def windowed(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Convolutions and pools."""
    if len(x.shape) != 4:
        return False
    rng = graph.rng
    batch, height, width, channels = x.shape
    kh, kw = rng.randint(1, min(4, height)), rng.randint(1, min(4, width))
    sh, sw = rng.choice((1, 1, 2)), rng.choice((1, 1, 2))
    padding = rng.choice(("SAME", "VALID"))
    oh, ow = (
        (-(-height // sh), -(-width // sw)) if padding == "SAME" else ((height - kh) // sh + 1, (width - kw) // sw + 1)
    )
    common = {"padding": padding, "stride_h": sh, "stride_w": sw, "fused_activation_function": graph.activation()}
    if builtin.endswith("POOL_2D"):
        y = graph.like(x, (batch, oh, ow, channels))
        graph.emit(builtin, [x], y, filter_height=kh, filter_width=kw, **common)
        return None
    dilations = {"dilation_h_factor": 1, "dilation_w_factor": 1}
    if builtin == "DEPTHWISE_CONV_2D":
        multiplier = rng.choice((1, 1, 2))
        out = channels * multiplier
        w, b, size = graph.weights((1, kh, kw, out), x, 3, out)
        options = {**common, **dilations, "depth_multiplier": multiplier}
    else:
        out = rng.randint(1, 12)
        w, b, size = graph.weights((out, kh, kw, channels), x, 0, out)
        options = {**common, **dilations}
    if batch * oh * ow * out > MOST_ELEMENTS:
        return False
    graph.emit(builtin, [x, w, b], graph.tensor((batch, oh, ow, out), x.dtype, size), **options)
    return None


def transposed(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """A transposed convolution, with and without a bias."""
    if len(x.shape) != 4:
        return False
    rng = graph.rng
    batch, height, width, channels = x.shape
    side, stride, out = rng.randint(1, 3), rng.choice((1, 2, 2)), rng.randint(1, 6)
    padding = rng.choice(("SAME", "VALID"))
    made = [n * stride if padding == "SAME" else (n - 1) * stride + side for n in (height, width)]
    if batch * made[0] * made[1] * out > MOST_ELEMENTS:
        return False
    w, b, size = graph.weights((out, side, side, channels), x, 0, out)
    shape = (batch, *made, out)
    inputs = [graph.ints(*shape), w, x, *([b] if rng.random() < 0.7 else [])]
    options = {"padding": padding, "stride_h": stride, "stride_w": stride, "fused_activation_function": "NONE"}
    graph.emit(builtin, inputs, graph.tensor(shape, x.dtype, size), **options)
    return None


def dense(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    depth = x.shape[-1]
    if depth > 200:
        return False
    out = graph.rng.randint(1, 16)
    w, b, size = graph.weights((out, depth), x, 0, out)
    rows = math.prod(x.shape[:-1])
    keep = graph.rng.random() < 0.5
    y = graph.tensor((*x.shape[:-1], out) if keep else (rows, out), x.dtype, size)
    bias = b if graph.rng.random() < 0.8 else None  # convolutions without one end TFLM
    graph.emit(builtin, [x, w, bias], y, fused_activation_function=graph.activation(), keep_num_dims=keep)
    return None


def product(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """A matrix product of a batch with constants, either of them transposed."""
    if len(x.shape) < 2 or x.shape[-1] > 100 or x.shape[-2] > 100:
        return False
    rng = graph.rng
    adj_x, adj_y = rng.random() < 0.3, rng.random() < 0.4
    rows, depth = (x.shape[-1], x.shape[-2]) if adj_x else x.shape[-2:]
    columns = rng.randint(1, 8)
    if math.prod(x.shape[:-2]) * rows * columns > MOST_ELEMENTS:
        return False
    lead = rng.choice((x.shape[:-2], (1,) * (len(x.shape) - 2)))
    other = graph.constant((*lead, *((columns, depth) if adj_y else (depth, columns))), x.dtype)
    y = graph.tensor((*x.shape[:-2], rows, columns), x.dtype, graph.spread[x] * math.sqrt(depth) * 1.5)
    graph.emit(builtin, [x, other], y, adj_x=adj_x, adj_y=adj_y, asymmetric_quantize_inputs=False)
    return None


def reduced(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if len(x.shape) < 2:
        return False
    axes = (1, 2) if len(x.shape) == 4 and graph.rng.random() < 0.6 else (graph.rng.randrange(len(x.shape)),)
    keep = graph.rng.random() < 0.5
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    if not shape:
        return False
    alike = builtin.startswith("REDUCE_M") and x.dtype is not DType.FLOAT32
    size = graph.spread[x] * (math.prod(x.shape[a] for a in axes) ** 0.5 if builtin == "SUM" else 1)
    y = graph.tensor(shape, x.dtype, size, x.quant if alike else None)
    graph.emit(builtin, [x, graph.ints(*axes)], y, keep_dims=keep)
    return None


def all_true(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    axis = graph.rng.randrange(len(x.shape))
    shape = [1 if i == axis else d for i, d in enumerate(x.shape)]
    graph.emit(builtin, [x, graph.ints(axis)], graph.tensor(shape, x.dtype, 1.0), keep_dims=True)
    return None


def place(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Where the largest or smallest element is: int32, which nothing reads."""
    if x in graph.inexact or len(x.shape) < 2:
        return False
    axis = graph.rng.randrange(-len(x.shape), len(x.shape))
    shape = [d for i, d in enumerate(x.shape) if i != axis % len(x.shape)]
    graph.end(builtin, [x, graph.int_scalar(axis)], graph.tensor(shape, DType.INT32, 1.0), output_type=2)
    return None


def summed(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Running sums along an axis."""
    if len(x.shape) > 4:
        return False
    axis = graph.rng.randrange(len(x.shape))
    y = graph.tensor(x.shape, x.dtype, graph.spread[x] * x.shape[axis] ** 0.5)
    options = {"exclusive": graph.rng.random() < 0.3, "reverse": graph.rng.random() < 0.3}
    at = graph.named_tensor((1,), DType.INT32, None, np.array([axis], np.int32))
    graph.emit(builtin, [x, at], y, **options)
    return None


def scores(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Rows of scores; of logarithms only where more than one score is left."""
    steep = builtin == "LOG_SOFTMAX" and x.dtype is DType.FLOAT32
    if x.shape[-1] > 400 or (steep and (x.shape[-1] < 2 or graph.spread[x] > 1)):
        return False
    same(graph, builtin, x, **({"beta": 1.0} if builtin == "SOFTMAX" else {}))
    return None


def normalised(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if len(x.shape) > 4 or x in graph.inexact:
        return False
    same(graph, builtin, x, fused_activation_function="NONE")
    return None


def rescaled(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if x.dtype is DType.FLOAT32:
        return False
    graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, graph.spread[x]))
    return None


TABLE: dict[str, Grow] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), windowed),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), reduced),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), place),
    **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX"), scores),
    "TRANSPOSE_CONV": transposed,
    "FULLY_CONNECTED": dense,
    "BATCH_MATMUL": product,
    "REDUCE_ALL": all_true,
    "CUMSUM": summed,
    "L2_NORMALIZATION": normalised,
    "QUANTIZE": rescaled,
}
"""How each operator is added to a graph."""
