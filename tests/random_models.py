"""Random models as .tflite files: graphs of 3 to 20 operators that a converter might have written, always the same.

A graph is of one kind: int8, int16 activations, float32, or int8 with islands of float32. It grows operator by operator
from tensors that are there; what is left unread at its end are its outputs.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops import builtins, families
from motes.ops.case import float32
from tflite_writer import Operator, write_model

MOST_ELEMENTS = 3000
ACTIVATIONS = ("NONE", "NONE", "RELU", "RELU6")
KINDS = (*("int8",) * 5, *("islands",) * 2, *("int16",) * 2, *("float32",) * 3)
FIXED = {
    ("LOGISTIC", DType.INT8): quant(1 / 256, -128),
    ("LOGISTIC", DType.INT16): quant(1 / 32768, 0),
    ("TANH", DType.INT8): quant(1 / 128, 0),
    ("TANH", DType.INT16): quant(1 / 32768, 0),
    ("SOFTMAX", DType.INT8): quant(1 / 256, -128),
    ("SOFTMAX", DType.INT16): quant(1 / 32768, 0),
    ("L2_NORMALIZATION", DType.INT8): quant(1 / 128, 0),
}
"""Outputs whose quantization TensorFlow Lite prescribes."""


@dataclass(frozen=True)
class Model:
    """A file, its inputs and outputs."""

    name: str
    data: bytes
    operators: tuple[str, ...]
    inputs: tuple[Tensor, ...]

    def stimuli(self, count: int = 4) -> list[tuple[Array, ...]]:
        """Inputs for `count` runs: all lowest, all highest, then uniform."""
        rng = np.random.default_rng(random.Random(self.name).getrandbits(64))
        return [tuple(_fill(rng, t, i) for t in self.inputs) for i in range(count)]


def _fill(rng: np.random.Generator, tensor: Tensor, run: int) -> Array:
    if tensor.dtype is DType.FLOAT32:
        low, high = -2.0, 2.0
        values = rng.uniform(low, high, tensor.shape)
    else:
        info = np.iinfo(tensor.dtype.numpy)
        low, high = info.min, info.max
        values = rng.integers(low, high, tensor.shape, endpoint=True)
    return (np.full(tensor.shape, (low, high)[run]) if run < 2 else values).astype(tensor.dtype.numpy)


@dataclass
class Growing:
    """A graph on its way: tensors that may be read, and the real size that their values have, about."""

    rng: random.Random
    kind: str
    inputs: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    live: list[Tensor] = field(default_factory=list)
    spread: dict[Tensor, float] = field(default_factory=dict)
    named: int = 0

    def tensor(self, shape: Sequence[int], dtype: DType, spread: float, fixed: Quant | None = None) -> Tensor:
        """A tensor whose quantization suits values of this size, or is `fixed`."""
        if fixed is None and dtype is DType.INT8:
            scale = float32(spread * self.rng.uniform(3, 8) / 256)
            fixed = quant(scale, self.rng.choice((-128, 0, self.rng.randint(-128, 127), self.rng.randint(-40, 40))))
        elif fixed is None and dtype is DType.INT16:
            fixed = quant(float32(spread * self.rng.uniform(3, 8) / 65536), 0)
        made = self.constant_name(shape, dtype, fixed, None)
        self.spread[made] = spread
        return made

    def constant_name(self, shape: Sequence[int], dtype: DType, fixed: Quant | None, data: Array | None) -> Tensor:
        self.named += 1
        return Tensor(f"t{self.named}", tuple(shape), dtype, fixed, data)

    def ints(self, *values: int) -> Tensor:
        """A constant list of int32."""
        return self.constant_name((len(values),), DType.INT32, None, np.array(values, np.int32))

    def constant(self, shape: Sequence[int], dtype: DType, spread: float = 1.0) -> Tensor:
        """Constant values of this size, in the type of activations."""
        values = np.random.default_rng(self.rng.getrandbits(64))
        if dtype is DType.FLOAT32:
            return self.constant_name(shape, dtype, None, (values.normal(0, spread, shape)).astype(np.float32))
        made = self.tensor(shape, dtype, spread)
        info = np.iinfo(dtype.numpy)
        data = values.integers(info.min, info.max, tuple(shape), endpoint=True).astype(dtype.numpy)
        return self.constant_name(shape, dtype, made.quant, data)

    def weights(self, shape: Sequence[int], x: Tensor, axis: int, channels: int) -> tuple[Tensor, Tensor, float]:
        """(weights, bias, size of the sums) for a layer that reads `x`."""
        values = np.random.default_rng(self.rng.getrandbits(64))
        fan = math.prod(shape) / channels
        size = self.spread[x] * math.sqrt(fan)
        if x.dtype is DType.FLOAT32:
            w = self.constant_name(shape, x.dtype, None, values.normal(0, 1, shape).astype(np.float32))
            b = self.constant_name((channels,), x.dtype, None, values.normal(0, 1, channels).astype(np.float32))
            return w, b, size
        per_channel = self.rng.random() < 0.7
        scales = tuple(float32(3 / 127 * self.rng.uniform(0.3, 2)) for _ in range(channels if per_channel else 1))
        w_quant = Quant(scales, (0,) * len(scales), axis if per_channel else None)
        w = self.constant_name(
            shape, DType.INT8, w_quant, values.integers(-127, 127, tuple(shape), endpoint=True).astype(np.int8)
        )
        wide = DType.INT64 if x.dtype is DType.INT16 else DType.INT32
        b_quant = Quant(tuple(float32(s * x.scale) for s in scales), (0,) * len(scales), 0 if per_channel else None)
        data = values.integers(-3000, 3000, channels).astype(wide.numpy)
        b = self.constant_name((channels,), wide, b_quant, data)
        return w, b, size * 1.5

    def emit(self, builtin: str, inputs: Sequence[Tensor | None], output: Tensor, **options: Any) -> Tensor:
        """Add an operator; its inputs may still be read by others now and then."""
        return self.emit_many(builtin, inputs, [output], **options)[0]

    def emit_many(
        self, builtin: str, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor], **options: Any
    ) -> Sequence[Tensor]:
        self.operators.append(Operator(builtin, tuple(inputs), tuple(outputs), options))
        for tensor in dict.fromkeys(inputs):
            if tensor in self.live and self.rng.random() < 0.75:
                self.live.remove(tensor)
        self.live += outputs
        return outputs

    def activation(self) -> str:
        return self.rng.choice(ACTIVATIONS)


Grow = Callable[[Growing, str, Tensor], Any]
"""Adds an operator that reads the tensor; False where it cannot."""


def _same(graph: Growing, builtin: str, x: Tensor, **options: Any) -> None:
    fixed = FIXED.get((builtin, x.dtype))
    keeps = builtin in ("ABS", "NEG") and x.dtype is not DType.FLOAT32
    graph.emit(builtin, [x], graph.tensor(x.shape, x.dtype, graph.spread[x], x.quant if keeps else fixed), **options)


def _binary(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    peers = [t for t in graph.live if t.dtype is x.dtype and t is not x and t.shape == x.shape]
    spread = graph.spread[x]
    if peers and graph.rng.random() < 0.6:
        other = graph.rng.choice(peers)
    elif graph.rng.random() < 0.15:
        other = x
    else:
        shape = graph.rng.choice((x.shape, x.shape[-1:], (1,) * len(x.shape), (*x.shape[:-1], 1), (1,)))
        other = graph.constant(shape, x.dtype, spread)
    size = max(spread, graph.spread.get(other, spread))
    if builtin in ("MAXIMUM", "MINIMUM"):
        if x.quant != other.quant:
            return False
        graph.emit(builtin, [x, other], graph.tensor(x.shape, x.dtype, size, x.quant))
        return None
    if builtin == "SQUARED_DIFFERENCE":
        graph.emit(builtin, [x, other], graph.tensor(x.shape, x.dtype, size * size * 2))
        return None
    size = size * spread if builtin == "MUL" else size * 2
    options = {"fused_activation_function": graph.activation()}
    if builtin in ("ADD", "SUB"):
        options["pot_scale_int16"] = False  # type: ignore[assignment]
    pair = [x, other] if graph.rng.random() < 0.7 else [other, x]
    graph.emit(builtin, pair, graph.tensor(x.shape, x.dtype, max(size, 1e-3)), **options)
    return None


def _windowed(graph: Growing, builtin: str, x: Tensor) -> bool | None:
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
        y = graph.tensor((batch, oh, ow, channels), x.dtype, graph.spread[x], x.quant)
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


def _dense(graph: Growing, builtin: str, x: Tensor) -> bool | None:
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


def _reduce(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if len(x.shape) < 2:
        return False
    axes = (1, 2) if len(x.shape) == 4 and graph.rng.random() < 0.6 else (graph.rng.randrange(len(x.shape)),)
    keep = graph.rng.random() < 0.5
    shape = [1 if i in axes else d for i, d in enumerate(x.shape) if keep or i not in axes]
    if not shape:
        return False
    same = builtin.startswith("REDUCE_M") and x.dtype is not DType.FLOAT32
    size = graph.spread[x] * (math.prod(x.shape[a] for a in axes) ** 0.5 if builtin == "SUM" else 1)
    y = graph.tensor(shape, x.dtype, size, x.quant if same else None)
    graph.emit(builtin, [x, graph.ints(*axes)], y, keep_dims=keep)
    return None


def _reshape(graph: Growing, builtin: str, x: Tensor) -> None:
    count, shape = x.elements, []
    for _ in range(graph.rng.randint(0, 3)):
        found = graph.rng.choice([d for d in (1, 2, 3, 4, 5, 6, 7, 8) if count % d == 0])
        shape.append(found)
        count //= found
    shape.insert(graph.rng.randint(0, len(shape)), count)
    _view(graph, builtin, x, shape, graph.ints(*shape), new_shape=shape)


def _view(graph: Growing, builtin: str, x: Tensor, shape: Sequence[int], *more: Tensor, **options: Any) -> None:
    y = graph.tensor(shape, x.dtype, graph.spread[x], x.quant)
    graph.emit(builtin, [x, *more], y, **options)


def _move(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    rng, rank = graph.rng, len(x.shape)
    axis = rng.randrange(rank)
    size = x.shape[axis]
    if builtin == "TRANSPOSE":
        order = rng.sample(range(rank), rank)
        _view(graph, builtin, x, [x.shape[i] for i in order], graph.ints(*order))
    elif builtin == "REVERSE_V2":
        _view(graph, builtin, x, x.shape, graph.ints(axis))
    elif builtin in ("PAD", "MIRROR_PAD"):
        most = [2 if builtin == "PAD" else min(2, d - 1) for d in x.shape]
        pads = [(rng.randint(0, m), rng.randint(0, m)) for m in most]
        shape = [d + sum(p) for d, p in zip(x.shape, pads, strict=True)]
        if math.prod(shape) > MOST_ELEMENTS:
            return False
        table = graph.constant_name((rank, 2), DType.INT32, None, np.array(pads, np.int32))
        _view(graph, builtin, x, shape, table, **({"mode": rng.randint(0, 1)} if builtin == "MIRROR_PAD" else {}))
    elif builtin == "SLICE":
        begin = [rng.randrange(d) for d in x.shape]
        sizes = [rng.randint(1, d - b) for d, b in zip(x.shape, begin, strict=True)]
        _view(graph, builtin, x, sizes, graph.ints(*begin), graph.ints(*sizes))
    elif builtin == "STRIDED_SLICE":
        if rank > 4:  # TFLM refuses it
            return False
        begin = [rng.randrange(d) for d in x.shape]
        end = [rng.randint(b + 1, d) for d, b in zip(x.shape, begin, strict=True)]
        steps = [rng.choice((1, 1, 2)) for _ in x.shape]
        shape = [-(-(e - b) // s) for b, e, s in zip(begin, end, steps, strict=True)]
        _view(graph, builtin, x, shape, graph.ints(*begin), graph.ints(*end), graph.ints(*steps))
    elif builtin == "EXPAND_DIMS":
        if rank > 3:
            return False
        shape = [*x.shape[:axis], 1, *x.shape[axis:]]
        _view(graph, builtin, x, shape, graph.ints(axis))
    elif builtin == "SQUEEZE":
        if size != 1 or rank < 2:
            return False
        _view(graph, builtin, x, [d for i, d in enumerate(x.shape) if i != axis], squeeze_dims=[axis])
    elif builtin == "GATHER":
        indices = [rng.randrange(size) for _ in range(rng.randint(1, 5))]
        shape = [*x.shape[:axis], len(indices), *x.shape[axis + 1 :]]
        _view(graph, builtin, x, shape, graph.ints(*indices), axis=axis)
    else:
        return _space(graph, builtin, x)
    return None


def _space(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if len(x.shape) != 4:
        return False
    batch, height, width, channels = x.shape
    if builtin == "SPACE_TO_DEPTH" and height % 2 == width % 2 == 0:
        _view(graph, builtin, x, (batch, height // 2, width // 2, channels * 4), block_size=2)
    elif builtin == "DEPTH_TO_SPACE" and channels % 4 == 0:
        _view(graph, builtin, x, (batch, height * 2, width * 2, channels // 4), block_size=2)
    elif builtin == "RESIZE_NEAREST_NEIGHBOR" and x.elements * 4 <= MOST_ELEMENTS:
        _view(graph, builtin, x, (batch, height * 2, width * 2, channels), graph.ints(height * 2, width * 2))
    else:
        return False
    return None


def _join(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    rank = len(x.shape)
    axis = graph.rng.randrange(rank)
    rest = (*x.shape[:axis], *x.shape[axis + 1 :])
    peers = [
        t for t in graph.live
        if t.dtype is x.dtype and t.quant == x.quant and len(t.shape) == rank
        and ((*t.shape[:axis], *t.shape[axis + 1 :]) == rest if builtin == "CONCATENATION" else t.shape == x.shape)
    ]  # fmt: skip
    parts = [x, *graph.rng.choices([*peers, x], k=graph.rng.randint(1, 3))]
    if builtin == "CONCATENATION":
        shape = [sum(p.shape[axis] for p in parts) if i == axis else d for i, d in enumerate(x.shape)]
        options = {"axis": axis, "fused_activation_function": "NONE"}
    else:
        shape = [*x.shape[:axis], len(parts), *x.shape[axis:]]
        options = {"axis": axis, "values_count": len(parts)}
    if math.prod(shape) > MOST_ELEMENTS or len(shape) > 5:
        return False
    graph.emit(builtin, parts, graph.tensor(shape, x.dtype, graph.spread[x], x.quant), **options)
    return None


def _part(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    axis = graph.rng.randrange(len(x.shape))
    size = x.shape[axis]
    counts = [n for n in (2, 3, 4) if size % n == 0]
    if builtin == "UNPACK":
        if not 1 < size <= 4 or len(x.shape) < 2:
            return False
        shape, count = [*x.shape[:axis], *x.shape[axis + 1 :]], size
    elif not counts:
        return False
    else:
        count = graph.rng.choice(counts)
        shape = [size // count if i == axis else d for i, d in enumerate(x.shape)]
    outputs = [graph.tensor(shape, x.dtype, graph.spread[x], x.quant) for _ in range(count)]
    if builtin == "UNPACK":
        graph.emit_many(builtin, [x], outputs, num=count, axis=axis)
    else:
        scalar = graph.constant_name((), DType.INT32, None, np.array(axis, np.int32))
        graph.emit_many(builtin, [scalar, x], outputs, num_splits=count)
    return None


def _softmax(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if x.shape[-1] > 400:
        return False
    _same(graph, builtin, x, beta=1.0)
    return None


def _rescale(graph: Growing, builtin: str, x: Tensor) -> None:
    graph.emit("QUANTIZE", [x], graph.tensor(x.shape, x.dtype, graph.spread[x]))


TABLE: dict[str, Grow] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D"), _windowed),
    **dict.fromkeys(("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"), _binary),
    **dict.fromkeys(("RELU", "RELU6", "LOGISTIC", "TANH", "HARD_SWISH", "ABS", "NEG", "ELU"), _same),
    **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), _reduce),
    **dict.fromkeys(("TRANSPOSE", "REVERSE_V2", "PAD", "MIRROR_PAD", "SLICE", "STRIDED_SLICE", "EXPAND_DIMS"), _move),
    **dict.fromkeys(("SQUEEZE", "GATHER", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "RESIZE_NEAREST_NEIGHBOR"), _move),
    **dict.fromkeys(("CONCATENATION", "PACK"), _join),
    **dict.fromkeys(("SPLIT", "UNPACK"), _part),
    "LEAKY_RELU": lambda graph, builtin, x: _same(graph, builtin, x, alpha=0.1),
    "FULLY_CONNECTED": _dense,
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
    "QUANTIZE": _rescale,
}
"""How each operator is added to a graph."""

HEAVY = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "MUL")
"""These are drawn more often."""

ROUNDED = frozenset({"LOGISTIC", "TANH", "ELU", "SOFTMAX"})
"""Float results of these may be off by a few units in the last place, which a rounding behind them would magnify."""


@functools.cache
def answered() -> frozenset[tuple[str, DType]]:
    """Operators and types of their first input that TFLM answers for, by the cases of their families."""
    named = (name.removesuffix("op") + "cases" for name in families())
    modules = [importlib.import_module(name) for name in named if importlib.util.find_spec(name)]
    cases = [case for module in modules for case in module.cases() if case.oracle == "tflm"]
    return frozenset((c.builtin, c.inputs[0].dtype) for c in cases if c.inputs and c.inputs[0] is not None)


def random_model(seed: int) -> Model:
    """Model number `seed`."""
    rng = random.Random(f"random model {seed}")
    kind = rng.choice(KINDS)
    graph = Growing(rng, kind)
    dtype = {"int8": DType.INT8, "islands": DType.INT8, "int16": DType.INT16, "float32": DType.FLOAT32}[kind]
    for _ in range(rng.choice((1, 1, 1, 2))):
        shape = rng.choice(
            (
                (1, rng.randint(3, 12), rng.randint(3, 12), rng.randint(1, 8)),
                (1, rng.randint(2, 40)),
                (rng.randint(1, 4), 6, 8),
            )
        )
        x = graph.tensor(shape, dtype, 1.0)
        graph.inputs.append(x)
        graph.live.append(x)
    names = [name for name in TABLE if name in builtins()]
    names += [name for name in HEAVY if name in builtins()] * 2
    wanted = rng.randint(3, 20)
    for _ in range(6 * wanted):
        if len(graph.operators) >= wanted:
            break
        _grow(graph, rng.choice(names))
    for i, x in enumerate(t for t in graph.inputs if not any(t in op.inputs for op in graph.operators)):
        graph.emit(
            "RESHAPE", [x, graph.ints(x.elements)], graph.tensor((x.elements,), x.dtype, 1.0, x.quant), new_shape=[i]
        )
    read = {t for op in graph.operators for t in op.inputs}
    outputs = [t for op in graph.operators for t in op.outputs if t not in read]
    return Model(
        f"random_{seed}_{kind}",
        write_model(graph.operators, graph.inputs, outputs),
        tuple(str(op.builtin) for op in graph.operators),
        tuple(graph.inputs),
    )


def _grow(graph: Growing, builtin: str) -> None:
    x = graph.rng.choice(graph.live)
    island = graph.kind == "islands" and x.dtype is DType.INT8 and graph.rng.random() < 0.4
    if island and {"DEQUANTIZE", "QUANTIZE"} <= builtins().keys() and builtin not in ROUNDED:
        x = graph.emit("DEQUANTIZE", [x], graph.tensor(x.shape, DType.FLOAT32, graph.spread[x]))
    if (builtin, x.dtype) not in answered() or (builtin == "QUANTIZE" and x.dtype is DType.FLOAT32):
        served = False
    else:
        served = TABLE[builtin](graph, builtin, x) is not False
    for y in graph.operators[-1].outputs if graph.operators and graph.kind == "islands" else ():
        if y.dtype is DType.FLOAT32 and y in graph.live and (served or island):
            graph.emit("QUANTIZE", [y], graph.tensor(y.shape, DType.INT8, graph.spread[y]))
