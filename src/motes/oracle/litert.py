"""LiteRT's reference kernels, as the package `ai-edge-litert` gives them; hybrid models run on float weights there."""

from __future__ import annotations

import numpy as np

from motes.oracle import Answer, Question
from motes.oracle.hybrid import widen


def answer(question: Question) -> Answer:
    """The outputs of every run, each with an interpreter of its own.

    Raises:
        RuntimeError, ValueError: it refuses the model or an input.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    widened = widen(question.model)
    outputs, tensors = [], []
    for run in question.runs:
        interpreter = Interpreter(
            model_content=widened or question.model,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=question.tensors > 0,
            num_threads=1,
        )
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
