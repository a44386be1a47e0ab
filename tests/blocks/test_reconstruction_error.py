"""Reconstruction error against its definition in double precision."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from motes.blocks import Microphone, ReconstructionError
from motes.build import host
from motes.errors import BadInput
from motes.ir import Array, DType, Quant, quant
from streams import graph_of, lcg_int16, scores


def errors(dtype: DType, quantization: Quant | None, x: Array, z: Array, z_quant: Quant) -> Array:
    inputs, outputs = scores(x.shape[1], dtype, quantization), scores(z.shape[1], DType.INT8, z_quant)
    graph = graph_of(ReconstructionError()(inputs, outputs))
    (compiled,) = host.load([graph], sanitize=True)
    (made,) = compiled.run_many(*((x, z) if graph.inputs[0] is inputs.tensor else (z, x)))
    return made[:, 0]


@pytest.mark.parametrize("elements", [1, 3, 25, 640])
def test_int8_with_two_quantizations(elements: int) -> None:
    x = (lcg_int16(20 * elements) >> 8).astype(np.int8).reshape(20, elements)
    z = (lcg_int16(20 * elements, seed=7) >> 8).astype(np.int8).reshape(20, elements)
    made = errors(DType.INT8, quant(0.0625, -3), x, z, quant(0.07, 11))
    exact = ((0.0625 * (x.astype(np.float64) + 3) - 0.07 * (z.astype(np.float64) - 11)) ** 2).mean(axis=1)
    assert np.abs(made / exact - 1).max() < 1e-5


def test_float_inputs() -> None:
    x = np.random.default_rng(2).normal(0, 3, (20, 25)).astype(np.float32)
    z = (lcg_int16(20 * 25) >> 8).astype(np.int8).reshape(20, 25)
    made = errors(DType.FLOAT32, None, x, z, quant(0.05, 4))
    exact = ((x.astype(np.float64) - 0.05 * (z.astype(np.float64) - 4)) ** 2).mean(axis=1)
    assert np.abs(made / exact - 1).max() < 1e-5


def test_equal_values_have_no_error() -> None:
    x = np.arange(-128, 128, dtype=np.int8).reshape(1, -1)
    assert errors(DType.INT8, quant(0.5, 3), x, x, quant(0.5, 3)).tolist() == [0.0]


def test_bits_are_the_same_on_every_machine() -> None:
    x = (lcg_int16(20 * 40) >> 8).astype(np.int8).reshape(20, 40)
    z = (lcg_int16(20 * 40, seed=3) >> 8).astype(np.int8).reshape(20, 40)
    made = errors(DType.INT8, quant(0.0625, 0), x, z, quant(0.0613, -9))
    assert hashlib.sha256(made.tobytes()).hexdigest() == RECORDED


def test_sizes_must_agree() -> None:
    with pytest.raises(BadInput) as raised:
        ReconstructionError()(scores(4), scores(5, DType.INT8, quant(1.0, 0)))
    assert "scores float32[4] has 4 elements, scores int8[5] has 5; give it the model's input and output" in str(
        raised.value
    )


def test_types() -> None:
    with pytest.raises(BadInput) as raised:
        ReconstructionError()(Microphone(), scores(1, DType.INT8, quant(1.0, 0)))
    assert "it compares int8 or float32 inputs with int8 outputs; given microphone int16[]" in str(raised.value)


RECORDED = "c0ec050bbf39d9694d3b2f9f3cc0a090674750c075cecfb120f09ac6a366c57d"
