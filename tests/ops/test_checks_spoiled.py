"""Every operator with other inputs and outputs than it has: refused with words, or served; never a crash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from case_models import FAMILIES, cases_of, model_of
from motes.choose import choose
from motes.emit import emit_model
from motes.errors import BadInput, MotesError
from motes.ir import DType, Tensor
from motes.ops.case import Case
from motes.passes import prepare
from motes.plan import plan
from motes.tflite import load
from motes.tflite.tensors import SCALES

FEW = 2
"""Cases of each operator of a family."""


def without_ends(case: Case) -> Iterator[Case]:
    """The case with each of its ends left out, or one more."""
    for i in range(len(case.inputs)):
        yield replace(case, inputs=case.inputs[:i])
        yield replace(case, inputs=(*case.inputs[:i], None, *case.inputs[i + 1 :]))
    if case.inputs:
        yield replace(case, inputs=(*case.inputs, case.inputs[-1]))
    extra = [replace(t, name=f"{t.name}_{n}") for n, t in enumerate(case.outputs)]
    yield replace(case, outputs=(*case.outputs, *extra))
    if len(case.outputs) > 1:
        yield replace(case, outputs=case.outputs[:-1])


def with_other_tensors(case: Case) -> Iterator[Case]:
    """The case with each of its tensors changed."""
    for i, tensor in enumerate(case.inputs):
        for other in changed(tensor) if tensor is not None and tensor not in case.states else ():
            yield replace(case, inputs=(*case.inputs[:i], other, *case.inputs[i + 1 :]))
    for i, tensor in enumerate(case.outputs):
        for other in changed(tensor) if tensor not in case.states else ():
            yield replace(case, outputs=(*case.outputs[:i], other, *case.outputs[i + 1 :]))


def changed(tensor: Tensor) -> Iterator[Tensor]:
    """The tensor with another rank, shape, type or quantization, with extreme scales, a constant or none."""
    shape = tensor.shape
    others = [shape[:-1], shape[1:], (*shape, 1), (1, *shape), (*shape, 2), (), (1,) * 8]
    others += [(*shape[:i], d, *shape[i + 1 :]) for i in range(len(shape)) for d in {1, shape[i] + 1}]
    for other in dict.fromkeys(others):
        yield replace(tensor, shape=other, data=None if tensor.data is None else np.resize(tensor.data, other))
    for dtype in DType:
        with np.errstate(all="ignore"):
            data = None if tensor.data is None else tensor.data.astype(dtype.numpy)
        yield replace(tensor, dtype=dtype, data=data, bits=0)
    yield replace(tensor, quant=None)
    if tensor.quant is not None:
        for scale in SCALES:
            yield replace(tensor, quant=replace(tensor.quant, scale=(scale,) * len(tensor.quant.scale)))
    yield replace(tensor, data=np.zeros(shape, tensor.dtype.numpy) if tensor.data is None else None, bits=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_an_operator_does_not_have_is_refused_with_words(family: str) -> None:
    refused = 0
    for builtin in dict.fromkeys(case.builtin for case in cases_of(family)):
        cases = [case for case in cases_of(family) if case.builtin == builtin]
        for case in cases[:: max(1, len(cases) // FEW)]:
            for other in (*without_ends(case), *with_other_tensors(case)):
                try:
                    program = choose(prepare(load(model_of(other), "m")), frozenset({"dsp", "fpu"}))
                except MotesError as error:
                    assert str(error).startswith("m: "), error
                    refused += 1
                else:
                    assert emit_model(program, plan(program), "m")
    assert refused


def test_several_outputs_where_there_is_one() -> None:
    x, y, z = (Tensor(n, (4, 2, 2, 1), DType.FLOAT32) for n in "xyz")
    block = Tensor("block", (2,), DType.INT32, None, np.array([2, 2], np.int32))
    crops = Tensor("crops", (2, 2), DType.INT32, None, np.zeros((2, 2), np.int32))
    with pytest.raises(BadInput, match="has 2 outputs, not 1; the file is damaged: convert the model again"):
        load(model_of(Case("found", "BATCH_TO_SPACE_ND", {}, (x, block, crops), (y, z))))


def test_an_output_of_more_axes_than_what_is_joined() -> None:
    x, y = Tensor("x", (2, 3), DType.FLOAT32), Tensor("y", (2, 3, 1), DType.FLOAT32)
    options = {"axis": -1, "fused_activation_function": 0}
    with pytest.raises(BadInput, match=r"joining \[\[2, 3\], \[2, 3\]\]"):
        load(model_of(Case("found", "CONCATENATION", options, (x, x), (y,))))
