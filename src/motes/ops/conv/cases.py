"""Generated test cases of both convolutions: odd shapes, every option, adversarial values; the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_int32, draw_zero_point, float32
from motes.ops.common import ACTIVATIONS, PADDINGS, window

COUNTS = {DType.INT8: 300, DType.INT16: 100, DType.FLOAT32: 100}
"""Cases of each operator by type of its input."""
COLUMNS = 40
"""Cases of DEPTHWISE_CONV_2D of int8 over one column."""
COMPUTED = 30
"""Cases of each of these whose filter or bias is computed."""
TILED = 50
"""Cases of int8 for each kind of Winograd convolution: tiles of 4x4 outputs, of 2x2; twice 4x4 with many weights."""
SMALL, MANY = 80, 8
"""More of int8 DEPTHWISE_CONV_2D: small images that are all edges, and narrow ones with many outputs."""
FEW = 100
"""Of int8 with windows of few values and many outputs."""


def cases() -> Iterator[Case]:
    """Cases of CONV_2D, then of DEPTHWISE_CONV_2D."""
    for builtin in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        for dtype, count in COUNTS.items():
            for seed in range(count):
                name = f"{builtin} {seed}" if dtype is DType.INT8 else f"{builtin} {dtype.value} {seed}"
                yield _case(builtin, dtype, random.Random(name), name.lower().replace(" ", "_"))
            for seed in range(COMPUTED):
                name = f"{builtin} computed {dtype.value} {seed}"
                rng = random.Random(name)
                yield computed(rng, _case(builtin, dtype, rng, name.lower().replace(" ", "_")), 1, 2)
    for seed in range(COLUMNS):
        rng = random.Random(f"column {seed}")
        yield _case("DEPTHWISE_CONV_2D", DType.INT8, rng, f"depthwise_conv_2d_column_{seed}", _column(rng))
    for seed in range(4 * TILED):
        yield _tiled(random.Random(f"CONV_2D tiled {seed}"), f"conv_2d_tiled_{seed}", min(seed // TILED, 2))
    for seed in range(SMALL + MANY):
        yield _edges(random.Random(f"edges {seed}"), f"edges_{seed}", seed >= SMALL)
    for seed in range(FEW):
        yield _few(random.Random(f"few {seed}"), f"few_{seed}")


def computed(rng: random.Random, case: Case, filters: int, biases: int) -> Case:
    """The case with a filter, a bias or both that are inputs: input `filters` and, where there is one, `biases`.

    Integers of a bias stay so small that no sum overflows, in 32 bits or in the 48 that TFLM rescales.
    """
    there = [i for i in (filters, biases) if i < len(case.inputs)]
    chosen = set(there[: rng.randint(1, 2)] if rng.random() < 0.7 else there[-1:])
    inputs = [t and replace(t, data=None) if i in chosen else t for i, t in enumerate(case.inputs)]
    bias = inputs[biases] if biases in chosen else None
    limits = {DType.INT32: 1 << 30, DType.INT64: 1 << 38}
    ranges = {bias: (-limits[bias.dtype], limits[bias.dtype])} if bias and bias.dtype in limits else {}
    return replace(case, inputs=tuple(inputs), ranges=ranges)


@dataclass(frozen=True)
class _Shape:
    """What a window slides over, in rows and columns."""

    size: tuple[int, int]
    sides: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]
    padding: str


def _shape(rng: random.Random, usual: bool) -> _Shape:
    if usual:
        side, stride = rng.choice((1, 3, 3)), rng.choice((1, 1, 2))
        size = rng.randint(side, 13), rng.randint(side, 13)
        return _Shape(size, (side, side), (stride, stride), (1, 1), rng.choice(("SAME", "SAME", "VALID")))
    # Small windows mostly; now and then one larger than its input, which only SAME padding allows.
    sides = [rng.choice((1, 1, 2, 3, 3, 3, 4, 5, 10)) for _ in range(2)]
    strides = [rng.choice((1, 1, 1, 2, 2, 3)) for _ in range(2)]
    dilations = [rng.choice((1, 1, 1, 1, 2, 3)) for _ in range(2)]
    padding = rng.choice(("SAME", "VALID"))
    if rng.random() < 0.1:  # one column throughout, as sounds often come
        sides[1] = strides[1] = dilations[1] = 1
        return _Shape((10 + rng.randint(1, 30), 1), _pair(sides), _pair(strides), (1, 1), padding)
    reach = [(w - 1) * d + 1 for w, d in zip(sides, dilations, strict=True)]
    sizes = [rng.randint(1 if padding == "SAME" else r, r + 9) for r in reach]
    return _Shape(_pair(sizes), _pair(sides), _pair(strides), _pair(dilations), padding)


def _column(rng: random.Random) -> _Shape:
    taps, dilation, padding = rng.randint(2, 15), rng.choice((1, 1, 2, 5)), rng.choice(("SAME", "VALID"))
    rows = (taps - 1) * dilation + rng.choice((1, rng.randint(1, 12))) if padding == "VALID" else rng.randint(1, 30)
    return _Shape((rows, 1), (taps, 1), (rng.choice((1, 1, 2, 3)), 1), (dilation, 1), padding)


def _pair(values: list[int]) -> tuple[int, int]:
    rows, columns = values
    return rows, columns


def _case(builtin: str, dtype: DType, rng: random.Random, name: str, column: _Shape | None = None) -> Case:
    # Usual is what converters write and fast kernels are made for; the rest is anything that is allowed.
    usual = rng.random() < 0.4
    shape = column or _shape(rng, usual)
    made = [window(shape.size[i], shape.sides[i], shape.stride[i], shape.dilation[i], shape.padding)[0] for i in (0, 1)]
    fours = usual or column is not None
    channels = rng.choice((4, 8, 16)) if fours else rng.choice((1, 2, 3, 4, 8, 12, 16, rng.randint(1, 20)))
    batch = rng.choice((1, 1, 1, 2))
    if builtin == "DEPTHWISE_CONV_2D":
        outputs = channels * (1 if fours else rng.choice((1, 1, 1, 1, 2, 3, 8)))
        filter_shape, axis = (1, *shape.sides, outputs), 3
    else:
        split = not usual and rng.random() < 0.2
        groups = rng.choice([g for g in range(1, channels + 1) if channels % g == 0]) if split else 1
        outputs = groups * rng.choice((1, 2, 3, 4, 8) if groups > 1 else (1, 4, 8, 16, rng.randint(1, 20)))
        filter_shape, axis = (outputs, *shape.sides, channels // groups), 0
    made_of = floats if dtype is DType.FLOAT32 else integers
    x, w, b, y = made_of(rng, dtype, usual, (batch, *shape.size, channels), filter_shape, axis, (batch, *made, outputs))
    if dtype is DType.INT16 and builtin == "CONV_2D" and b is not None and rng.random() < 0.3:
        assert b.data is not None
        b = Tensor("b", b.shape, DType.INT32, None, np.clip(b.data, -(1 << 31), (1 << 31) - 1).astype(np.int32))
    options = {
        "padding": PADDINGS.index(shape.padding),
        "stride_h": shape.stride[0],
        "stride_w": shape.stride[1],
        "dilation_h_factor": shape.dilation[0],
        "dilation_w_factor": shape.dilation[1],
        "fused_activation_function": rng.choice((0, 1)) if usual else rng.choice((0, 0, 0, *range(len(ACTIVATIONS)))),
    }
    if builtin == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = outputs // channels
    # TFLM's DEPTHWISE_CONV_2D follows a null pointer where a bias is listed but absent: leave it out of the list.
    return Case(name, builtin, options, (x, w) if b is None else (x, w, b), (y,))


def _tiled(rng: random.Random, name: str, kind: int) -> Case:
    shapes: tuple[tuple[int, int], ...] = ((4, 4), (8, 4), (4, 8), (8, 8), (4, 12))
    if kind == 0:
        channels, outputs = rng.choice((8, 12, 16, 16, 16, 20, 32)), rng.choice((4, 8, 12))
        shapes += ((7, 8), (4, 11), (7, 7)) if channels % 16 == 0 else ()
    elif kind == 1:
        channels, outputs = rng.choice(((16, 20), (16, 24), (32, 12)))
        shapes = ((2, 2), (4, 6), (6, 2), (8, 4), (2, 10))
    else:
        channels, outputs = rng.choice(((28, 12), (32, 12), (60, 8), (64, 8)))
        shapes += ((7, 8),)
    sides = rng.choice(shapes)
    padding = rng.choice(("SAME", "SAME", "VALID"))
    sizes = [side + 2 if padding == "VALID" else side for side in sides]
    batch = rng.choice((1, 1, 1, 2))
    x, w, b, y = integers(
        rng, DType.INT8, True, (batch, *sizes, channels), (outputs, 3, 3, channels), 0, (batch, *sides, outputs)
    )
    options = {"padding": PADDINGS.index(padding), "stride_h": 1, "stride_w": 1}
    options |= {"dilation_h_factor": 1, "dilation_w_factor": 1, "fused_activation_function": rng.choice((0, 1))}
    return Case(name, "CONV_2D", options, (x, w) if b is None else (x, w, b), (y,))


def _edges(rng: random.Random, name: str, many: bool) -> Case:
    """A depthwise convolution, mostly 3x3, over few rows or columns; `many` outputs come of many rows and channels."""
    sides = (3, 3) if many or rng.random() < 0.8 else rng.choice(((3, 1), (5, 1), (10, 1), (1, 3), (5, 5)))
    stride = rng.choice((1, 1, 2)) if not many else 1
    size = rng.choice((1, 2, 3, 4, 5, 6, 7, 9)), rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15))
    channels = rng.choice((4, 8, 12, 24, 52))
    if many:
        channels, columns = rng.choice((32, 64)), rng.randint(1, 8)
        size = -(-6000 // (channels * columns)) + rng.randint(0, 1), columns
    padding = "SAME" if many or any(n < side for n, side in zip(size, sides, strict=True)) else rng.choice(PADDINGS)
    made = [window(size[i], sides[i], stride, 1, padding)[0] for i in (0, 1)]
    batch = 1 if many else rng.choice((1, 1, 2, 3))
    filter_shape = (1, *sides, channels)
    x, w, b, y = integers(
        rng, DType.INT8, many or rng.random() < 0.7, (batch, *size, channels), filter_shape, 3, (batch, *made, channels)
    )
    options = {
        "padding": PADDINGS.index(padding),
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "depth_multiplier": 1,
        "fused_activation_function": rng.choice((0, 1, 3)),
    }
    return Case(name, "DEPTHWISE_CONV_2D", options, (x, w) if b is None else (x, w, b), (y,))


def _few(rng: random.Random, name: str) -> Case:
    """Windows of at most 30 values, 2000 outputs or some more: half of them of one pixel."""
    alone = rng.random() < 0.5
    stride = 1 if alone else rng.choice((1, 2, 2))
    sides = (1, 1) if alone else rng.choice(((3, 3), (3, 3), (3, 3), (1, 7), (5, 2), (2, 3), (7, 1), (4, 4)))
    room = 30 // (sides[0] * sides[1])
    channels = rng.choice([c for c in (1, 2, 3, 4, 8, 12, 16, 20, 28) if c <= room and (c % 4 == 0 or not alone)])
    outputs = rng.choice((2, 8, 12, 16, 18, 66))
    columns = rng.choice((4, 5, 6, 7, 8, 11, 15, 23))
    rows = -(-2000 // (outputs * columns)) + rng.randint(0, 1)
    padding = rng.choice(PADDINGS)
    size = [
        n * stride if padding == "SAME" else (n - 1) * stride + s for n, s in zip((rows, columns), sides, strict=True)
    ]
    size = [n - rng.randint(0, stride - 1) if padding == "SAME" else n for n in size]
    depthwise = channels == 1 and rng.random() < 0.5
    filter_shape, axis = ((1, *sides, outputs), 3) if depthwise else ((outputs, *sides, channels), 0)
    x, w, b, y = integers(rng, DType.INT8, True, (1, *size, channels), filter_shape, axis, (1, rows, columns, outputs))
    options = {
        "padding": PADDINGS.index(padding),
        "stride_h": stride,
        "stride_w": stride,
        "dilation_h_factor": 1,
        "dilation_w_factor": 1,
        "fused_activation_function": rng.choice((0, 1)),
    }
    options |= {"depth_multiplier": outputs} if depthwise else {}
    builtin = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return Case(name, builtin, options, (x, w) if b is None else (x, w, b), (y,))


def integers(
    rng: random.Random,
    dtype: DType,
    usual: bool,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    axis: int,
    y_shape: tuple[int, ...],
) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
    """Input, filter, bias and output of int8 or int16."""
    outputs = w_shape[axis]
    weights = draw_int8(rng, w_shape, symmetric=usual or rng.random() < 0.4)
    wide = dtype is DType.INT16
    bias = draw_int32(rng, outputs, 5_000) if usual else _bias(rng, outputs)
    if wide and bias is not None:
        bias = bias.astype(np.int64) << rng.choice((0, 6, 10))
    w_scale = [2.0 ** rng.uniform(-8, -6 if usual else -5) for _ in range(outputs if rng.random() < 0.75 else 1)]
    x_scale = 2.0 ** rng.uniform(-4, 2)
    # The output's scale spreads typical sums over the range, or is far off: everything saturates, or nothing is left.
    spread = 150.0 * (np.count_nonzero(weights) / outputs + 1) ** 0.5
    off = rng.choice((0, 0, 1, -1) if usual else (0, 0, 0, 0, 1, 1, -2, -6, -12, -20 if wide else 12, 30))
    y_scale = x_scale * w_scale[0] * spread * 2.0**off
    y_zero = rng.choice((-128, -128, draw_zero_point(rng))) if usual else draw_zero_point(rng)
    x_quant, y_quant = quant(float32(x_scale), draw_zero_point(rng)), quant(float32(y_scale), y_zero)
    if wide:
        x_quant, y_quant = quant(x_quant.scale[0], 0), quant(y_quant.scale[0], 0)
    w_quant = Quant(tuple(map(float32, w_scale)), (0,) * len(w_scale), axis if len(w_scale) > 1 else None)
    return (
        Tensor("x", x_shape, dtype, x_quant),
        Tensor("w", w_shape, DType.INT8, w_quant, weights),
        None if bias is None else Tensor("b", (outputs,), DType(str(bias.dtype)), None, bias),
        Tensor("y", y_shape, dtype, y_quant),
    )


def floats(
    rng: random.Random,
    dtype: DType,
    usual: bool,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    axis: int,
    y_shape: tuple[int, ...],
) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
    """The same of floats, of one size or of many."""
    values = np.random.default_rng(rng.getrandbits(64))

    def draw(*shape: int) -> Array:
        sizes = 1.0 if usual else 10.0 ** values.uniform(-4, 4, shape)
        return np.asarray(values.normal(0, 0.2, shape) * sizes, np.float32)

    bias = None if rng.random() < 0.15 else Tensor("b", (w_shape[axis],), dtype, None, draw(w_shape[axis]))
    return (
        Tensor("x", x_shape, dtype),
        Tensor("w", w_shape, dtype, None, draw(*w_shape)),
        bias,
        Tensor("y", y_shape, dtype),
    )


def _bias(rng: random.Random, outputs: int) -> Array | None:
    kind = rng.choice(("none", *("usual",) * 6, "large", "any"))
    if kind == "none":
        return None
    limit = {"usual": 5_000, "large": 1 << 24, "any": (1 << 31) - 1}[kind]
    return np.random.default_rng(rng.getrandbits(32)).integers(-limit, limit, outputs, np.int32, endpoint=True)
