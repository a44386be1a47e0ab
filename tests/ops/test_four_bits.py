"""Convolutions whose weights the file packs two a byte, against TensorFlow Lite Micro, byte for byte.

FULLY_CONNECTED has cases of its own: it keeps such weights packed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.ir import DType
from motes.ops.case import Case
from motes.ops.conv.cases import cases
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

COUNT = 40


def packed(case: Case) -> Case:
    """The case with the upper halves of its weights, as int4."""
    x, w, *bias = case.inputs
    assert w is not None and w.data is not None
    return replace(case, inputs=(x, replace(w, data=w.data >> 4, bits=4), *bias))


@pytest.mark.parametrize("builtin", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_every_byte_equals_tflm(builtin: str) -> None:
    plain = [c for c in cases() if c.builtin == builtin and c.outputs[0].dtype is DType.INT8 and len(c.variables) == 1]
    chosen = [packed(case) for case in plain[:: len(plain) // COUNT]]
    models = [write_model([Operator(builtin, c.inputs, c.outputs, c.options)], c.variables, c.outputs) for c in chosen]
    graphs = host.load([load(model, case.name) for model, case in zip(models, chosen, strict=True)])
    for case, model, graph in zip(chosen, models, graphs, strict=True):
        (want,) = run_tflm(model, case.stimuli())
        (got,) = graph.run_many(*(np.stack(values) for values in zip(*case.stimuli(), strict=True)))
        assert np.array_equal(got, want), case.name
