"""The oracles for bytes: TensorFlow Lite Micro's interpreter, and LiteRT's reference kernels where TFLM has none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conftest import oracle
from motes.ir import Array


def run_tflm(model: bytes, stimuli: Sequence[Sequence[Array]], arena: int = 1 << 20) -> list[Array]:
    """The outputs of one run after the other, stacked along a new first axis, for every output of the model.

    Args:
        model: the bytes of a .tflite file.
        stimuli: for each run, one array for each input.
        arena: bytes of working memory the interpreter gets.
    """
    interpreter = oracle("tflite_micro").runtime.Interpreter.from_bytes(model, arena_size=arena)
    outputs: list[list[Array]] = []
    count: int | None = None
    for inputs in stimuli:
        for index, value in enumerate(inputs):
            interpreter.set_input(value, index)
        interpreter.invoke()
        outputs.append([])
        while len(outputs[-1]) != count:
            try:
                outputs[-1].append(interpreter.get_output(len(outputs[-1])))
            except IndexError:
                count = len(outputs[-1])
    return [np.stack(values) for values in zip(*outputs, strict=True)]


def run_litert(model: bytes, stimuli: Sequence[Sequence[Array]]) -> list[Array]:
    """The same from LiteRT's reference kernels, as the `ai-edge-litert` wheel gives them."""
    litert = oracle("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(
        model_content=model, experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    outputs: list[list[Array]] = []
    for inputs in stimuli:
        for value, detail in zip(inputs, interpreter.get_input_details(), strict=True):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        outputs.append([interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
    return [np.stack(values) for values in zip(*outputs, strict=True)]
