"""Convolutions of floats with int8 weights: near LiteRT on the weights as floats; TFLM has no such operator."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType, Quant, Tensor
from motes.ops.case import Case, float32
from motes.ops.common import PADDINGS, window
from motes.ops.conv import cases as conv
from motes.ops.transpose_conv import cases as transpose_conv
from motes.oracle.hybrid import widen
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_litert

BOUND = 1e-5
"""Of the range of an output."""


def model_of(case: Case) -> bytes:
    operator = Operator(case.builtin, case.inputs, case.outputs, case.options)
    return write_model([operator], case.variables, case.outputs)


def fitting(case: Case) -> bool:
    """Whether input and output of a transposed convolution are of the sizes that LiteRT insists on."""
    _, w, x, *_ = case.inputs
    assert w is not None and x is not None
    padding, strides = PADDINGS[case.options["padding"]], (case.options["stride_h"], case.options["stride_w"])
    sizes = zip(case.outputs[0].shape[1:3], w.shape[1:3], strides, strict=True)
    return x.shape[1:3] == tuple(window(*size, 1, padding)[0] for size in sizes)


def hybrid_cases(builtin: str) -> Iterator[tuple[Case, Case]]:
    """Cases with int8 weights, each with its twin whose weights are the same numbers as floats."""
    for case in (transpose_conv if builtin == "TRANSPOSE_CONV" else conv).cases():
        w, y = case.inputs[1], case.outputs[0]
        assert w is not None
        if case.builtin != builtin or y.dtype is not DType.FLOAT32 or len(case.variables) > 1:
            continue
        if builtin == "TRANSPOSE_CONV" and not fitting(case):
            continue
        rng = random.Random(case.name)
        values = np.random.default_rng(rng.getrandbits(32)).integers(-127, 127, w.shape, np.int8, endpoint=True)
        axis = 3 if builtin == "DEPTHWISE_CONV_2D" else 0
        count = w.shape[axis] if rng.random() < 0.7 else 1
        scales = tuple(float32(2.0 ** rng.uniform(-9, -5)) for _ in range(count))
        along = np.array(scales, np.float32).reshape([-1 if i == axis else 1 for i in range(4)])
        quantized = replace(w, dtype=DType.INT8, quant=Quant(scales, (0,) * count, axis if count > 1 else None))
        twins = (replace(quantized, data=values), replace(w, data=values * along))
        hybrid, plain = (replace(case, inputs=(case.inputs[0], twin, *case.inputs[2:])) for twin in twins)
        if builtin == "CONV_2D" and len(plain.inputs) == 2:  # LiteRT wants a bias
            bias = Tensor("b", y.shape[3:], DType.FLOAT32, None, np.zeros(y.shape[3], np.float32))
            plain = replace(plain, inputs=(*plain.inputs, bias))
        yield hybrid, plain


@pytest.mark.parametrize("builtin", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
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
    assert len(pairs) >= 25


@pytest.mark.parametrize("builtin", ["CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"])
def test_the_oracle_sees_that_they_are_hybrid(builtin: str) -> None:
    pytest.importorskip("ai_edge_litert")
    hybrid, plain = next(hybrid_cases(builtin))
    assert widen(model_of(plain)) is None
    (want,) = run_litert(model_of(plain), plain.stimuli())
    widened = widen(model_of(hybrid))
    assert widened is not None
    if builtin != "CONV_2D" or len(hybrid.inputs) == 3:
        np.testing.assert_array_equal(run_litert(widened, hybrid.stimuli())[0], want)


def test_weights_stay_int8() -> None:
    hybrid, _ = next(hybrid_cases("CONV_2D"))
    (node,) = load(model_of(hybrid), hybrid.name).nodes
    weights = node.op.params(node)["weights"]
    assert isinstance(weights, np.ndarray) and weights.dtype == np.int8
