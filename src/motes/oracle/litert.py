"""LiteRT as the package `ai-edge-litert` gives it: reference kernels where it has them; hybrid weights as floats."""

from __future__ import annotations

from typing import Any

import numpy as np

from motes.oracle import Answer, Question
from motes.oracle.hybrid import widen


def answer(question: Question) -> Answer:
    """The outputs of every run, each with an interpreter of its own.

    Raises:
        RuntimeError, ValueError: it refuses the model or an input.
    """
    from ai_edge_litert.interpreter import OpResolverType

    widened = widen(question.model)
    resolver = OpResolverType.BUILTIN_REF
    try:
        _interpreter(question, widened, resolver)
    except ValueError:  # a few operators have no reference kernel
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    outputs, tensors = [], []
    for run in question.runs:
        interpreter = _interpreter(question, widened, resolver)
        details = interpreter.get_input_details()
        for detail, given in zip(details, run[0], strict=True):
            interpreter.resize_tensor_input(detail["index"], given.shape)
        interpreter.allocate_tensors()
        steps = []
        for inputs in run:
            for detail, value in zip(details, inputs, strict=True):
                interpreter.set_tensor(detail["index"], value)
            interpreter.invoke()
            steps.append(tuple(np.array(interpreter.get_tensor(d["index"])) for d in interpreter.get_output_details()))
        outputs.append(tuple(steps))
        found = {}
        for detail in interpreter.get_tensor_details()[: question.tensors]:
            try:
                found[detail["index"]] = np.array(interpreter.get_tensor(detail["index"]))
            except ValueError:  # nothing was computed there
                continue
        tensors.append(found)
    return Answer("litert", tuple(outputs), tuple(tensors), widened is not None)


def _interpreter(question: Question, widened: bytes | None, resolver: Any) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter(
        model_content=widened or question.model,
        experimental_op_resolver_type=resolver,
        experimental_preserve_all_tensors=question.tensors > 0,
        num_threads=1,
    )
