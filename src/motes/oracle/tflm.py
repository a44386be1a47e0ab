"""TensorFlow Lite Micro's interpreter, as the package `tflite-micro` gives it."""

from __future__ import annotations

import math

import numpy as np

from motes.ir import Array
from motes.names import quoted
from motes.oracle import Answer, Question
from motes.tflite.schema import StoredModel, read_model

ARENA = 256 << 20
"""Bytes of working memory, untouched where not needed: with too few the interpreter ends the process."""

PAUSES = quoted("CIRCULAR_BUFFER")
"""The operator that may end an execution early: outputs then keep their values only in memory of their own."""


def answer(question: Question) -> Answer:
    """The outputs of every run, each with an interpreter of its own.

    Raises:
        RuntimeError, ValueError: it refuses the model or an input.
    """
    from tflite_micro.python.tflite_micro import runtime

    model = read_model(question.model, "model")
    if misread := _resized(model) or _first_scale_only(model) or _too_small(model):
        raise ValueError(misread)
    config = runtime.InterpreterConfig
    names = {operator.name for graph in model.subgraphs for operator in graph.operators}
    apart = question.tensors or PAUSES in names
    outputs, tensors = [], []
    for run in question.runs:
        interpreter = runtime.Interpreter.from_bytes(
            question.model,
            arena_size=ARENA,
            intrepreter_config=config.kPreserveAllTensors if apart else config.kAllocationRecording,
        )
        steps = []
        for inputs in run:
            for i, value in enumerate(inputs):
                interpreter.set_input(value, i)
            interpreter.invoke()
            steps.append(_outputs(interpreter))
        outputs.append(tuple(steps))
        held = (interpreter.GetTensor(i, 0)["tensor_data"] for i in range(question.tensors))
        tensors.append({i: np.array(values) for i, values in enumerate(held)})
    return Answer("tflm", tuple(outputs), tuple(tensors))


def _outputs(interpreter: object) -> tuple[Array, ...]:
    """Every output: the interpreter does not say how many there are."""
    found: list[Array] = []
    while True:
        try:
            found.append(np.array(interpreter.get_output(len(found))))  # type: ignore[attr-defined]
        except IndexError:
            return tuple(found)


def _resized(model: StoredModel) -> str:
    """What is wrong with the first operator in a body whose output has a size that is computed in each run; "" where
    there is none.

    The interpreter gives every tensor the size in the file, and does not look whether more is written there.
    """
    for graph in model.subgraphs[1:]:
        for operator in graph.operators:
            if (
                operator.name == "SLICE"
                and len(operator.inputs) == 3
                and not len(graph.tensors[operator.inputs[2]].data)
            ):
                return f"{operator} makes a tensor of changing size, which it would run without making room for it"
    return ""


def _first_scale_only(model: StoredModel) -> str:
    """The same of int8 values with a scale for each channel or row that become floats: all of them, or some rows."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            values = {"DEQUANTIZE": 0, "EMBEDDING_LOOKUP": 1}.get(operator.name, len(operator.inputs))
            if values < len(operator.inputs) and len(graph.tensors[operator.inputs[values]].scale) > 1:
                return f"{operator} has several scales, of which it would take the first for all"
    return ""


def _too_small(model: StoredModel) -> str:
    """The same of an operator that moves space into a batch for which the file has 1, since it was left open."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            if operator.name == "SPACE_TO_BATCH_ND" and operator.inputs and operator.outputs:
                x, y = (graph.tensors[i[0]] for i in (operator.inputs, operator.outputs))
                if abs(math.prod(y.shape)) < abs(math.prod(x.shape)):
                    return f"{operator} makes more than the file has room for, beyond which it would write"
    return ""
