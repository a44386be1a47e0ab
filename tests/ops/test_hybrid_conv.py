"""Convolution of floats with int8 weights: near LiteRT on the weights as floats; TFLM has no such operator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType, Quant, Tensor
from motes.ops.case import Case, float32
from motes.ops.conv.cases import cases
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_litert

BOUND = 1e-5
"""Of the range of an output."""


def model_of(case: Case) -> bytes:
    operator = Operator(case.builtin, case.inputs, case.outputs, case.options)
    return write_model([operator], case.variables, case.outputs)


def hybrid_cases(builtin: str) -> Iterator[tuple[Case, Case]]:
    """Cases with int8 weights, each with its twin whose weights are the same numbers as floats."""
    for case in cases():
        x, w = case.inputs[:2]
        assert x is not None and w is not None
        if case.builtin != builtin or x.dtype is not DType.FLOAT32:
            continue
        rng = random.Random(case.name)
        values = np.random.default_rng(rng.getrandbits(32)).integers(-127, 127, w.shape, np.int8, endpoint=True)
        axis = 0 if builtin == "CONV_2D" else 3
        count = w.shape[axis] if rng.random() < 0.7 else 1
        scales = tuple(float32(2.0 ** rng.uniform(-9, -5)) for _ in range(count))
        along = np.array(scales, np.float32).reshape([-1 if i == axis else 1 for i in range(4)])
        quantized = replace(w, dtype=DType.INT8, quant=Quant(scales, (0,) * count, axis if count > 1 else None))
        twins = (replace(quantized, data=values), replace(w, data=values * along))
        hybrid, plain = (replace(case, inputs=(x, twin, *case.inputs[2:])) for twin in twins)
        # LiteRT wants a bias, and refuses some groups.
        outputs = case.outputs[0].shape[3]
        bias = case.inputs[2:] or (Tensor("b", (outputs,), DType.FLOAT32, None, np.zeros(outputs, np.float32)),)
        yield hybrid, replace(plain, inputs=(*plain.inputs[:2], *bias))


@pytest.mark.parametrize("builtin", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_hybrid_convolutions_are_near_those_of_floats(builtin: str) -> None:
    pairs = list(hybrid_cases(builtin))
    graphs = host.load([load(model_of(hybrid), hybrid.name) for hybrid, _ in pairs], sanitize=True, optimise="-O0")
    wrong = []
    for (hybrid, plain), graph in zip(pairs, graphs, strict=True):
        (got,) = graph.run_many(np.stack([x for (x,) in hybrid.stimuli()]))
        (want,) = run_litert(model_of(plain), plain.stimuli())
        for run, (ours, theirs) in enumerate(zip(got, want, strict=True)):
            off, reach = np.abs(ours - theirs).max(), np.abs(theirs).max()
            if off > BOUND * max(reach, 1e-30):
                wrong.append(f"{hybrid.name}, run {run}: {off} of {reach}")
    assert not wrong, f"{len(wrong)} differ: " + "; ".join(wrong[:5])
    assert len(pairs) >= 90


def test_weights_stay_int8() -> None:
    hybrid, _ = next(hybrid_cases("CONV_2D"))
    (node,) = load(model_of(hybrid), hybrid.name).nodes
    weights = node.op.params(node)["weights"]
    assert isinstance(weights, np.ndarray) and weights.dtype == np.int8
