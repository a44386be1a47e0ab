"""Operators that move elements: views, slices, parts, joins, space and depth, resized images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from motes.ir import DType, Tensor
from random_models.growing import MOST_ELEMENTS, Grow, Growing


def view(graph: Growing, builtin: str, x: Tensor, shape: Sequence[int], *more: Tensor, **options: Any) -> None:
    """One input, with constants behind it; its elements in another shape."""
    graph.emit(builtin, [x, *more], graph.like(x, shape), **options)


def reshape(graph: Growing, builtin: str, x: Tensor) -> None:
    count, shape = x.elements, []
    for _ in range(graph.rng.randint(0, 3)):
        found = graph.rng.choice([d for d in (1, 2, 3, 4, 5, 6, 7, 8) if count % d == 0])
        shape.append(found)
        count //= found
    shape.insert(graph.rng.randint(0, len(shape)), count)
    view(graph, builtin, x, shape, graph.ints(*shape), new_shape=shape)


def transpose(graph: Growing, builtin: str, x: Tensor) -> None:
    order = graph.rng.sample(range(len(x.shape)), len(x.shape))
    view(graph, builtin, x, [x.shape[i] for i in order], graph.ints(*order))


def reverse(graph: Growing, builtin: str, x: Tensor) -> None:
    view(graph, builtin, x, x.shape, graph.ints(graph.rng.randrange(len(x.shape))))


def pad(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """With zeros, a constant, or what is inside."""
    rng = graph.rng
    most = [min(2, d - 1) if builtin == "MIRROR_PAD" else 2 for d in x.shape]
    pads = [(rng.randint(0, m), rng.randint(0, m)) for m in most]
    shape = [d + sum(p) for d, p in zip(x.shape, pads, strict=True)]
    if math.prod(shape) > MOST_ELEMENTS or (builtin != "MIRROR_PAD" and len(shape) > 4):
        return False
    more = [graph.constant((), x.dtype, graph.spread[x], x)] if builtin == "PADV2" else []
    options = {"mode": rng.randint(0, 1)} if builtin == "MIRROR_PAD" else {}
    view(graph, builtin, x, shape, graph.pairs(pads), *more, **options)
    return None


def part(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """A part that begins anywhere, of every or each second element."""
    rng = graph.rng
    begin = [rng.randrange(d) for d in x.shape]
    if builtin == "SLICE":
        sizes = [rng.randint(1, d - b) for d, b in zip(x.shape, begin, strict=True)]
        view(graph, builtin, x, sizes, graph.ints(*begin), graph.ints(*sizes))
        return None
    if len(x.shape) > 4:  # TFLM refuses it
        return False
    end = [rng.randint(b + 1, d) for d, b in zip(x.shape, begin, strict=True)]
    steps = [rng.choice((1, 1, 2)) for _ in x.shape]
    shape = [-(-(e - b) // s) for b, e, s in zip(begin, end, steps, strict=True)]
    view(graph, builtin, x, shape, graph.ints(*begin), graph.ints(*end), graph.ints(*steps))
    return None


def update(graph: Growing, builtin: str, x: Tensor) -> None:
    """A constant part in the place of what is there; a start too far is moved back."""
    sizes = [graph.rng.randint(1, d) for d in x.shape]
    inside = graph.constant(sizes, x.dtype, graph.spread[x], x)
    view(graph, builtin, x, x.shape, inside, graph.ints(*(graph.rng.randint(0, d) for d in x.shape)))


def expand(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    if len(x.shape) > 3:
        return False
    axis = graph.rng.randrange(len(x.shape))
    view(graph, builtin, x, [*x.shape[:axis], 1, *x.shape[axis:]], graph.ints(axis))
    return None


def squeeze(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    axis = graph.rng.randrange(len(x.shape))
    if x.shape[axis] != 1 or len(x.shape) < 2:
        return False
    view(graph, builtin, x, [d for i, d in enumerate(x.shape) if i != axis], squeeze_dims=[axis])
    return None


def broadcast(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Along axes of 1."""
    shape = [graph.rng.randint(1, 4) if d == 1 else d for d in x.shape]
    if math.prod(shape) > MOST_ELEMENTS or len(shape) > 5:
        return False
    view(graph, builtin, x, shape, graph.ints(*shape))
    return None


def gather(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Elements along an axis, counted from either end; or by several indices at once."""
    rng, rank = graph.rng, len(x.shape)
    if builtin == "GATHER_ND":
        deep = rng.randint(1, min(rank, 4))
        count = rng.randint(1, 5)
        table = np.array([[rng.randrange(d) for d in x.shape[:deep]] for _ in range(count)], np.int32)
        shape = [count, *x.shape[deep:]]
        if math.prod(shape) > MOST_ELEMENTS:
            return False
        view(graph, builtin, x, shape, graph.named_tensor(table.shape, DType.INT32, None, table))
        return None
    axis = rng.randrange(rank)
    indices = [rng.randrange(x.shape[axis]) for _ in range(rng.randint(1, 5))]
    shape = [*x.shape[:axis], len(indices), *x.shape[axis + 1 :]]
    if math.prod(shape) > MOST_ELEMENTS:
        return False
    view(graph, builtin, x, shape, graph.ints(*indices), axis=rng.choice((axis, axis - rank)))
    return None


def space(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Between space and depth, space and batch, or to more of it."""
    if len(x.shape) != 4:
        return False
    rng = graph.rng
    batch, height, width, channels = x.shape
    if builtin == "SPACE_TO_DEPTH" and height % 2 == width % 2 == 0:
        view(graph, builtin, x, (batch, height // 2, width // 2, channels * 4), block_size=2)
    elif builtin == "DEPTH_TO_SPACE" and channels % 4 == 0:
        view(graph, builtin, x, (batch, height * 2, width * 2, channels // 4), block_size=2)
    elif builtin == "SPACE_TO_BATCH_ND":
        pads = [(rng.randint(0, 1), 0) for _ in "hw"]
        pads = [(front, (n + front) % 2) for (front, _), n in zip(pads, (height, width), strict=True)]
        made = [(n + sum(p)) // 2 for n, p in zip((height, width), pads, strict=True)]
        view(graph, builtin, x, (batch * 4, *made, channels), graph.ints(2, 2), graph.pairs(pads))
    elif builtin == "BATCH_TO_SPACE_ND" and batch % 4 == 0:
        crops = [(rng.randint(0, 1), 0) for _ in "hw"]
        made = [2 * n - sum(c) for n, c in zip((height, width), crops, strict=True)]
        view(graph, builtin, x, (batch // 4, *made, channels), graph.ints(2, 2), graph.pairs(crops))
    elif builtin.startswith("RESIZE"):
        made = [rng.choice((n, 2 * n, -(-n // 2), rng.randint(1, 12))) for n in (height, width)]
        if batch * made[0] * made[1] * channels > MOST_ELEMENTS:
            return False
        corners, centers = rng.choice(((False, False), (True, False), (False, True)))
        size = graph.ints(*made)
        shape = (batch, *made, channels)
        view(graph, builtin, x, shape, size, align_corners=corners, half_pixel_centers=centers)
    else:
        return False
    return None


def join(graph: Growing, builtin: str, x: Tensor) -> bool | None:
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
        options: dict[str, Any] = {"axis": graph.rng.choice((axis, axis - rank)), "fused_activation_function": "NONE"}
    else:
        shape = [*x.shape[:axis], len(parts), *x.shape[axis:]]
        options = {"axis": axis, "values_count": len(parts)}
    if math.prod(shape) > MOST_ELEMENTS or len(shape) > 5:
        return False
    graph.emit(builtin, parts, graph.like(x, shape), **options)
    return None


def split(graph: Growing, builtin: str, x: Tensor) -> bool | None:
    """Into equal parts, parts of given sizes, or elements along an axis."""
    axis = graph.rng.randrange(len(x.shape))
    size = x.shape[axis]
    if builtin == "UNPACK":
        if not 1 < size <= 4 or len(x.shape) < 2:
            return False
        outputs = [graph.like(x, [*x.shape[:axis], *x.shape[axis + 1 :]]) for _ in range(size)]
        graph.emit_many(builtin, [x], outputs, num=size, axis=axis)
        return None
    equal = [n for n in (2, 3, 4) if size % n == 0]
    if (builtin == "SPLIT" and not equal) or size < 2:
        return False
    if builtin == "SPLIT":
        count = graph.rng.choice(equal)
        sizes = [size // count] * count
    else:
        cuts = sorted(graph.rng.sample(range(1, size), min(size - 1, graph.rng.randint(1, 3))))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, size], strict=True)]
    outputs = [graph.like(x, [n if i == axis else d for i, d in enumerate(x.shape)]) for n in sizes]
    scalar = graph.int_scalar(axis)
    inputs = [scalar, x] if builtin == "SPLIT" else [x, graph.ints(*sizes), scalar]
    graph.emit_many(builtin, inputs, outputs, num_splits=len(sizes))
    return None


TABLE: dict[str, Grow] = {
    "RESHAPE": reshape,
    "TRANSPOSE": transpose,
    "REVERSE_V2": reverse,
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), pad),
    **dict.fromkeys(("SLICE", "STRIDED_SLICE"), part),
    "DYNAMIC_UPDATE_SLICE": update,
    "EXPAND_DIMS": expand,
    "SQUEEZE": squeeze,
    "BROADCAST_TO": broadcast,
    **dict.fromkeys(("GATHER", "GATHER_ND"), gather),
    **dict.fromkeys(("SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"), space),
    **dict.fromkeys(("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"), space),
    **dict.fromkeys(("CONCATENATION", "PACK"), join),
    **dict.fromkeys(("SPLIT", "SPLIT_V", "UNPACK"), split),
}
"""How each operator is added to a graph."""
