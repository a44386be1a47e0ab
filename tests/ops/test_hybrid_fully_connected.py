"""Hybrid FULLY_CONNECTED, int8 weights among floats, against LiteRT on the same weights made floats again.

LiteRT itself quantizes the inputs of such layers; TFLM refuses them. The meaning here is that of the real numbers.
"""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import Array, DType, Quant, Tensor
from motes.ops.case import draw_int8
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_litert

COUNT = 60
OF_RANGE = 1e-5


def drawn(seed: int) -> tuple[Tensor, Tensor, Tensor | None, Tensor, dict[str, int]]:
    """Input, weights, bias, output and options of a layer."""
    rng = random.Random(f"hybrid {seed}")
    values = np.random.default_rng(seed)
    rows, depth, units = rng.choice((1, 1, 3)), rng.randint(1, 200), rng.randint(1, 12)
    scales = tuple(float(np.float32(2.0 ** rng.uniform(-12, -2))) for _ in range(units if rng.random() < 0.5 else 1))
    w = Tensor("w", (units, depth), DType.INT8, Quant(scales, (0,) * len(scales), 0), draw_int8(rng, (units, depth)))
    bias = values.standard_normal(units).astype(np.float32)
    b = Tensor("b", (units,), DType.FLOAT32, None, bias) if rng.random() < 0.7 else None
    x, y = (Tensor(n, (rows, size), DType.FLOAT32) for n, size in (("x", depth), ("y", units)))
    return x, w, b, y, {"fused_activation_function": rng.choice((0, 0, 1, 2, 3))}


def model_of(x: Tensor, w: Tensor, b: Tensor | None, y: Tensor, options: dict[str, int]) -> bytes:
    return write_model([Operator("FULLY_CONNECTED", (x, w, b), (y,), options)], [x], [y])


def made_floats(w: Tensor) -> Tensor:
    assert w.quant is not None and w.data is not None
    scales = np.array(w.quant.scale, np.float32)
    return replace(w, dtype=DType.FLOAT32, quant=None, data=(w.data * scales[:, None]).astype(np.float32))


def inputs(x: Tensor, seed: int) -> Array:
    values = np.random.default_rng(seed)
    return np.stack([(values.standard_normal(x.shape) * 10.0**power).astype(np.float32) for power in (-3, 0, 0, 3)])


def test_is_as_near_as_floats_are() -> None:
    layers = [drawn(seed) for seed in range(COUNT)]
    graphs = host.load([load(model_of(*layer), f"hybrid_{i}") for i, layer in enumerate(layers)], sanitize=True)
    for i, ((x, w, b, y, options), graph) in enumerate(zip(layers, graphs, strict=True)):
        given = inputs(x, i)
        (want,) = run_litert(model_of(x, made_floats(w), b, y, options), [(values,) for values in given])
        (got,) = graph.run_many(given)
        limit = OF_RANGE * np.max(np.abs(want), axis=(1, 2), keepdims=True)
        assert np.all(np.abs(got - want) <= limit), i


@pytest.mark.parametrize("asymmetric", [False, True])
def test_how_litert_would_quantize_the_input_is_no_matter(asymmetric: bool) -> None:
    x, w, b, y, options = drawn(1)
    plain = load(model_of(x, w, b, y, options), "plain")
    said = load(model_of(x, w, b, y, options | {"asymmetric_quantize_inputs": asymmetric}), "said")
    given = inputs(x, 1)[0]
    assert [a.tobytes() for a in host.load([plain])[0](given)] == [a.tobytes() for a in host.load([said])[0](given)]
