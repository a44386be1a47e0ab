"""A model operator by operator: TensorFlow Lite Micro's answer for each operator that it has, LiteRT's for the others.

TensorFlow Lite Micro runs a model whole or not at all. LiteRT runs more, but rounds otherwise in some operators that
both have; so neither alone says what a model means that needs both.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from motes.ir import Array
from motes.oracle import Answer, Question, litert, tflm
from motes.oracle.hybrid import widen

Samples = list[Array]
"""The values of one tensor: for every step of every run."""


def answer(question: Question) -> Answer:
    """The outputs of every run, with all tensors that were computed in the last step of each.

    Raises:
        RuntimeError, ValueError: neither has an operator; or the model has subgraphs or keeps values, which single
            operators cannot show.
    """
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    widened = widen(question.model)
    tree = schema.ModelT.InitFromPackedBuf(widened or question.model, 0)
    (graph, *others) = tree.subgraphs
    custom = any(code.builtinCode == schema.BuiltinOperator.CUSTOM for code in tree.operatorCodes)
    if others or custom or any(tensor.isVariable for tensor in graph.tensors):
        raise ValueError("an operator alone does not show what subgraphs, variables or custom operators do")
    if not {*graph.outputs} <= {t for operator in graph.operators for t in operator.outputs} | {*graph.inputs}:
        raise ValueError("an output of the model is a constant")
    steps = [step for run in question.runs for step in run]
    values: dict[int, Samples] = {int(t): [s[i] for s in steps] for i, t in enumerate(graph.inputs)}
    for operator in graph.operators:
        single, inputs = _single(tree, graph, operator, values, schema)
        builder = flatbuffers.Builder(1024)
        builder.Finish(single.Pack(builder), file_identifier=b"TFL3")
        given = [tuple(values[t][i] for t in inputs) for i in range(len(steps))]
        made = _asked(Question("tflm", bytes(builder.Output()), (tuple(given),)))
        for i, index in enumerate(operator.outputs):
            values[int(index)] = [outputs[i] for outputs in made]
    outputs, tensors, end = [], [], 0
    for run in question.runs:
        start, end = end, end + len(run)
        outputs.append(tuple(tuple(values[int(t)][i] for t in graph.outputs) for i in range(start, end)))
        tensors.append({index: samples[end - 1] for index, samples in values.items() if index < question.tensors})
    return Answer("litert", tuple(outputs), tuple(tensors), widened is not None)


def _single(tree: Any, graph: Any, operator: Any, values: dict[int, Samples], schema: Any) -> tuple[Any, list[int]]:
    """A model of one operator, and which tensors are its inputs: those that are computed, each once."""
    used = [int(t) for t in dict.fromkeys((*operator.inputs, *operator.outputs)) if t >= 0]
    place = {index: i for i, index in enumerate(used)}
    empty = schema.BufferT()
    model, only = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers = tree.version, [empty]
    code = copy.copy(tree.operatorCodes[operator.opcodeIndex])
    model.operatorCodes, model.subgraphs = [code], [only]
    only.tensors = []
    for index in used:
        tensor = copy.copy(graph.tensors[index])
        data = None if index in values else tree.buffers[tensor.buffer].data
        tensor.buffer = 0
        if data is not None:
            tensor.buffer = len(model.buffers)
            model.buffers.append(tree.buffers[graph.tensors[index].buffer])
        only.tensors.append(tensor)
    node = copy.copy(operator)
    node.opcodeIndex = 0
    node.inputs = [place[int(t)] if t >= 0 else -1 for t in operator.inputs]
    node.outputs = [place[int(t)] for t in operator.outputs]
    inputs = [index for index in dict.fromkeys(map(int, operator.inputs)) if index in values]
    only.operators, only.outputs = [node], node.outputs
    only.inputs = [place[index] for index in inputs]
    return model, inputs


def _asked(question: Question) -> Sequence[tuple[Array, ...]]:
    """The outputs of each step."""
    try:
        found = tflm.answer(question)
    except (RuntimeError, ValueError):
        found = litert.answer(question)
    return found.outputs[0]
