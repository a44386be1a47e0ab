"""Generated test cases of ADD."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, draw_int8, draw_zero_point, float32

COUNT = 300


def cases() -> Iterator[Case]:
    """Equal shapes, broadcasts of every kind up to four axes, constant inputs, scales far apart."""
    for seed in range(COUNT):
        yield _case(random.Random(f"add {seed}"), f"add_{seed}")


def _case(rng: random.Random, name: str) -> Case:
    shape = tuple(rng.randint(1, 6) for _ in range(rng.randint(1, 4)))
    shapes = [shape, shape]
    if rng.random() < 0.5:  # broadcast one, the other, or both along different axes
        for i in range(2):
            thinned = tuple(1 if rng.random() < 0.3 else size for size in shape)
            shapes[i] = thinned[rng.choice((0, 0, rng.randint(0, 4))) :] or (1,)
    out = _broadcast(*shapes)
    scale = 2.0 ** rng.uniform(-12, 2)
    ratio = 2.0 ** rng.choice((0, 0, rng.uniform(-4, 4), rng.uniform(-24, 24)))
    scales = [float32(scale), float32(scale * ratio)]
    # From an output so fine that TFLM's multiplier nears 1, to one so coarse that little is left.
    y_scale = max(scales) * 2.0 ** rng.choice((0, 0, 1, rng.uniform(-3, 3), -18.9, 12, rng.uniform(-18, 12)))
    y_scale = float32(max(y_scale, 2.0**-27))  # RELU6's limit must fit an int32
    tensors = [
        Tensor(
            "ab"[i],
            shapes[i],
            DType.INT8,
            quant(scales[i], draw_zero_point(rng)),
            draw_int8(rng, shapes[i]) if i == 1 and rng.random() < 0.2 else None,
        )
        for i in range(2)
    ]
    if rng.random() < 0.05:
        tensors[1], out = tensors[0], tensors[0].shape  # a + a
    if rng.random() < 0.3:
        tensors.reverse()
    y = Tensor("y", out, DType.INT8, quant(y_scale, draw_zero_point(rng)))
    options = {"fused_activation_function": rng.choice((0, 0, 1, 2, 3)), "pot_scale_int16": True}
    return Case(name, "ADD", options, tuple(tensors), (y,))


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(a), len(b))
    wide = [(1,) * (rank - len(s)) + s for s in (a, b)]
    return tuple(max(pair) for pair in zip(*wide, strict=True))
