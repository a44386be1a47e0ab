"""TensorFlow's converter: a function of TensorFlow becomes a .tflite file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from motes.converting.asking import Answer
from motes.converting.samples import Samples
from motes.ir import Array

OPERATORS = {
    "int8": "TFLITE_BUILTINS_INT8",
    "int16": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
    None: "TFLITE_BUILTINS",
}


def function(call: Callable[..., Any], shapes: Sequence[tuple[int, ...]], types: Sequence[Any]) -> Any:
    """A concrete function of these inputs; it numbers inputs and outputs, for TensorFlow sorts them by name."""
    import tensorflow as tf

    def numbered(*inputs: Any) -> dict[str, Any]:
        return {f"output_{i:02}": y for i, y in enumerate(tf.nest.flatten(call(*inputs)))}

    specs = [tf.TensorSpec(s, t, name=f"input_{i:02}") for i, (s, t) in enumerate(zip(shapes, types, strict=True))]
    return tf.function(numbered, input_signature=specs, autograph=False).get_concrete_function()


def run(function: Any, samples: Samples) -> tuple[Array, ...]:
    """The function's outputs for every sample, each (samples, *shape)."""
    import tensorflow as tf

    found = [function(*map(tf.constant, values)) for values in zip(*samples, strict=True)]
    return tuple(np.stack([f[name].numpy() for f in found]) for name in sorted(found[0]))


def answer(
    converter: str,
    function: Any,
    samples: Samples | None,
    outputs: tuple[Array, ...],
    quantize: Literal["int8", "int16"] | None,
) -> Answer:
    """The function as a .tflite file.

    Args:
        samples: for each input of the function an array (samples, *shape) of its type; for ranges.
        outputs: the source's for them, for the answer.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    # With variables in it, TensorFlow 2.21 calibrates an interpreter that has no values for them.
    frozen = convert_variables_to_constants_v2(function)
    made = tf.lite.TFLiteConverter.from_concrete_functions([frozen], tf.Module())
    made.target_spec.supported_ops = [getattr(tf.lite.OpsSet, OPERATORS[quantize])]
    if quantize:
        rows = list(zip(*samples or (), strict=True))
        made.optimizations = [tf.lite.Optimize.DEFAULT]
        made.representative_dataset = lambda: (list(row) for row in rows)
        made.inference_input_type = made.inference_output_type = tf.as_dtype(quantize)
    model = bytes(made.convert())
    return ordered(model, converter, tf.lite.Interpreter(model_content=model), samples, outputs)


def ordered(
    model: bytes, converter: str, interpreter: Any, samples: Samples | None, outputs: tuple[Array, ...]
) -> Answer:
    """Inputs and outputs in the order of the file, which need not be that of its signature."""
    if samples is None:
        return Answer(model, converter)
    runner = interpreter.get_signature_runner()
    inputs = _positions(runner.get_input_details(), interpreter.get_input_details())
    made = _positions(runner.get_output_details(), interpreter.get_output_details())
    return Answer(model, converter, tuple(samples[i] for i in inputs), tuple(outputs[i] for i in made))


def _positions(named: dict[str, Any], listed: Sequence[Any]) -> list[int]:
    """For each entry of the file, its number in the names of the signature."""
    numbers = {details["index"]: int(re.split(r"\D", name)[-1]) for name, details in named.items()}
    return [numbers[details["index"]] for details in listed]
