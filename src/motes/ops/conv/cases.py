"""Generated test cases of both convolutions: odd shapes, every option, adversarial values; the same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Quant, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_zero_point, float32
from motes.ops.common import ACTIVATIONS, PADDINGS, window

COUNT = 300
"""Cases of each operator."""


def cases() -> Iterator[Case]:
    """Cases of CONV_2D, then of DEPTHWISE_CONV_2D."""
    for builtin in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        for seed in range(COUNT):
            yield _case(builtin, random.Random(f"{builtin} {seed}"), f"{builtin.lower()}_{seed}")


def _case(builtin: str, rng: random.Random, name: str) -> Case:
    # Small windows mostly; now and then one larger than its input, which only SAME padding allows.
    sides = [rng.choice((1, 1, 2, 3, 3, 3, 4, 5, 10)) for _ in range(2)]
    stride = [rng.choice((1, 1, 1, 2, 2, 3)) for _ in range(2)]
    dilation = [rng.choice((1, 1, 1, 1, 2, 3)) for _ in range(2)]
    same = rng.random() < 0.5
    reach = [(w - 1) * d + 1 for w, d in zip(sides, dilation, strict=True)]
    size = [rng.randint(1 if same else r, r + 9) for r in reach]
    if rng.random() < 0.25:  # the shapes that fast kernels are made for
        sides, stride, dilation, same = [3, 3], [s := rng.choice((1, 2)), s], [1, 1], True
        size = [rng.randint(2, 12), rng.randint(2, 12)]
    padding = "SAME" if same else "VALID"
    made = [window(size[i], sides[i], stride[i], dilation[i], padding)[0] for i in range(2)]
    channels = rng.choice((1, 2, 3, 4, 8, 12, 16, rng.randint(1, 20)))
    batch = rng.choice((1, 1, 1, 2))
    if builtin == "DEPTHWISE_CONV_2D":
        outputs = channels * rng.choice((1, 1, 1, 1, 2, 3, 8))
        shape, axis = (1, *sides, outputs), 3
    else:
        groups = rng.choice([g for g in range(1, channels + 1) if channels % g == 0]) if rng.random() < 0.2 else 1
        outputs = groups * rng.choice((1, 2, 3, 4, 8) if groups > 1 else (1, 4, 8, 16, rng.randint(1, 20)))
        shape, axis = (outputs, *sides, channels // groups), 0
    weights, bias = draw_int8(rng, shape, symmetric=rng.random() < 0.5), _bias(rng, outputs)
    w_scale = [2.0 ** rng.uniform(-8, -5) for _ in range(outputs if rng.random() < 0.75 else 1)]
    x_scale = 2.0 ** rng.uniform(-4, 2)
    # The output's scale spreads typical sums over the range, or is far off: everything saturates, or nothing is left.
    spread = 150.0 * (np.count_nonzero(weights) / outputs + 1) ** 0.5
    y_scale = x_scale * w_scale[0] * spread * 2.0 ** rng.choice((0, 0, 0, 0, 1, 1, -2, -6, -12, 12, 30))
    x = Tensor("x", (batch, *size, channels), DType.INT8, quant(float32(x_scale), draw_zero_point(rng)))
    y = Tensor("y", (batch, *made, outputs), DType.INT8, quant(float32(y_scale), draw_zero_point(rng)))
    w_quant = Quant(tuple(map(float32, w_scale)), (0,) * len(w_scale), axis if len(w_scale) > 1 else None)
    w = Tensor("w", shape, DType.INT8, w_quant, weights)
    b = None if bias is None else Tensor("b", (outputs,), DType.INT32, None, bias)
    options = {
        "padding": PADDINGS.index(padding),
        "stride_h": stride[0],
        "stride_w": stride[1],
        "dilation_h_factor": dilation[0],
        "dilation_w_factor": dilation[1],
        "fused_activation_function": rng.choice((0, 0, 0, *range(len(ACTIVATIONS)))),
    }
    if builtin == "DEPTHWISE_CONV_2D":
        options["depth_multiplier"] = outputs // channels
    # TFLM's DEPTHWISE_CONV_2D follows a null pointer where a bias is listed but absent: leave it out of the list.
    return Case(name, builtin, options, (x, w) if b is None else (x, w, b), (y,))


def _bias(rng: random.Random, outputs: int) -> Array | None:
    kind = rng.choice(("none", *("usual",) * 6, "large", "any"))
    if kind == "none":
        return None
    limit = {"usual": 5_000, "large": 1 << 24, "any": (1 << 31) - 1}[kind]
    return np.random.default_rng(rng.getrandbits(32)).integers(-limit, limit, outputs, np.int32, endpoint=True)
