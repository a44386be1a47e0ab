"""Inputs and outputs of files that name a tensor in an unusual place: they run as TensorFlow Lite Micro runs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType, Tensor
from motes.tflite import load
from tflite_small import BIAS, FC, WEIGHTS, X, Y, Z, changed
from tflite_writer import Extras, Operator, write_model
from tflm import run_tflm

LAYER = Operator("FULLY_CONNECTED", (X, WEIGHTS, BIAS), (Y,), FC)
SOFTMAX = Operator("SOFTMAX", (Y,), (Z,), {"beta": 1.0})
UNUSED = changed(X, name="unused", shape=(1, 3))
V = changed(X, name="v")
ADD = Operator("ADD", (X, V), (V,), {"fused_activation_function": "NONE", "pot_scale_int16": True})


def output_twice() -> bytes:
    """As litert-torch writes a recurrent layer whose last output is its state, too."""
    return write_model([LAYER], [X], [Y, Y])


def output_thrice_among_others() -> bytes:
    return write_model([LAYER, SOFTMAX], [X], [Y, Z, Y, Y])


def input_as_output() -> bytes:
    return write_model([LAYER], [X], [Y, X])


def constant_as_output() -> bytes:
    return write_model([LAYER], [X], [Y, BIAS])


def nothing_but_a_constant() -> bytes:
    return write_model([LAYER], [X], [BIAS])


def unused_input() -> bytes:
    return write_model([LAYER], [X, UNUSED], [Y])


def unused_input_as_output() -> bytes:
    return write_model([LAYER], [X, UNUSED], [UNUSED, Y, UNUSED])


def computed_from_constants() -> bytes:
    shape = Tensor("shape", (2,), DType.INT32)
    return write_model([LAYER, Operator("SHAPE", (X,), (shape,), {"out_type": 2})], [X], [Y, shape])


def state_as_output() -> bytes:
    return write_model([ADD], [X], [V, V], Extras(variables=frozenset([V])))


MODELS: list[Callable[[], bytes]] = [
    output_twice,
    output_thrice_among_others,
    input_as_output,
    constant_as_output,
    nothing_but_a_constant,
    unused_input,
    unused_input_as_output,
    computed_from_constants,
    state_as_output,
]


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_runs_equal_tflm(model: Callable[[], bytes]) -> None:
    graph = load(model())
    rng = np.random.default_rng(0)
    given = [rng.integers(-99, 99, (6, *t.shape)).astype(t.dtype.numpy) for t in graph.inputs]
    expected = run_tflm(model(), list(zip(*given, strict=True)))
    (compiled,) = host.load([graph], sanitize=True)
    found = compiled.run_many(*given)
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.tobytes() == theirs.tobytes()
        assert ours.shape == theirs.shape
