"""Layers with memory, of floats with int8 weights: near TFLM on the same weights as floats, run after run."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType, Tensor, quant
from motes.ops.case import Case, float32
from motes.tflite import load
from tflite_writer import Extras, Operator, write_model
from tflm import run_tflm

BOUND = 1e-5
"""Of the range of an output."""
WEIGHTS = {"svdf": (1, 2), "lstm": tuple(range(1, 9))}
"""Inputs that are weights."""


def pairs(family: str) -> Iterator[tuple[Case, Case]]:
    """Cases with int8 weights, each with its twin whose weights are the same numbers as floats."""
    for case in importlib.import_module(f"motes.ops.{family}.cases").cases():
        hybrid, plain = list(case.inputs), list(case.inputs)
        if hybrid[0].dtype is not DType.FLOAT32:
            continue
        for i in WEIGHTS[family]:
            hybrid[i], plain[i] = twins(case.inputs[i])
        yield replace(case, inputs=tuple(hybrid)), replace(case, inputs=tuple(plain))


def twins(weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights in int8, and what they mean."""
    assert weights.data is not None
    scale = float32(float(np.abs(weights.data).max()) / 127)
    values = np.rint(weights.data / scale).astype(np.int8)
    meant = values.astype(np.float32) * np.float32(scale)
    return replace(weights, dtype=DType.INT8, quant=quant(scale, 0), data=values), replace(weights, data=meant)


def model_of(case: Case) -> bytes:
    operator = Operator(case.builtin, case.inputs, case.outputs, case.options)
    return write_model([operator], case.variables, case.outputs, Extras(variables=frozenset(case.states)))


@pytest.mark.parametrize("family", WEIGHTS)
def test_hybrid_layers_are_near_those_of_floats(family: str) -> None:
    both = list(pairs(family))
    graphs = host.load([load(model_of(hybrid), hybrid.name) for hybrid, _ in both], sanitize=True, optimise="-O0")
    for (hybrid, plain), graph in zip(both, graphs, strict=True):
        (got,) = graph.run_many(np.stack([x for (x,) in hybrid.stimuli()]))
        (want,) = run_tflm(model_of(plain), plain.stimuli())
        assert np.abs(got - want).max() <= BOUND * np.abs(want).max(), hybrid.name
    assert len(both) >= 25
