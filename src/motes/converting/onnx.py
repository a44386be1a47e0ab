"""ONNX files, through onnx2tf: it makes a model of TensorFlow's, which TensorFlow's converter takes on."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np

from motes.converting.asking import Answer, Job
from motes.converting.samples import Samples, Shape, batched, channels_last, fit
from motes.converting.tflite import answer, function
from motes.errors import BadInput
from motes.ir import Array

PICTURES = "calibration_image_sample_data_20x128x128x3_float32.npy"
"""onnx2tf looks at inputs of three channels with photographs; it downloads them unless this file is there."""


def convert(job: Job) -> Answer:
    """In the worker: an .onnx file."""
    import onnx
    import onnx2tf
    import tensorflow as tf

    source = _load(job)
    inputs = _inputs(source)
    types = [onnx.helper.tensor_dtype_to_np_dtype(i.type.tensor_type.elem_type) for i in inputs]
    shapes = fit(job.where, [_shape(i) for i in inputs], job.samples)
    _fix(source, shapes)
    onnx.save(source, "fixed.onnx")
    samples = batched(job.samples, shapes, types)
    outputs = _run(Path("fixed.onnx"), [i.name for i in inputs], samples) if samples else ()

    np.save(PICTURES, np.random.default_rng(0).random((20, 128, 128, 3), np.float32))
    version = importlib.metadata.version("onnx2tf")
    backend = {} if version.startswith("1.") else {"tflite_backend": "tf_converter"}
    kept = [i.name for i, shape in zip(inputs, shapes, strict=True) if len(shape) == 3]
    model = onnx2tf.convert(
        input_onnx_file_path="fixed.onnx",
        output_folder_path="onnx2tf",
        keep_shape_absolutely_input_names=kept or None,
        disable_model_save=True,
        verbosity="error",
        **backend,
    )
    if len(model.inputs) != len(inputs):
        raise BadInput(f"{job.where}: onnx2tf keeps {len(model.inputs)} of {len(inputs)} inputs; leave out unused ones")
    moved = [tuple(t.shape) for t in model.inputs]
    if samples:
        samples = tuple(x if m == s else channels_last(x, 2) for x, s, m in zip(samples, shapes, moved, strict=True))
    made = function(lambda *x: model(list(x) if len(x) > 1 else x[0]), moved, [tf.as_dtype(t) for t in types])
    return answer(f"onnx2tf {version}, TensorFlow {tf.__version__}", made, samples, outputs, job.quantize)


def _load(job: Job) -> Any:
    import onnx

    try:
        return onnx.load(str(job.path))
    except Exception as error:  # the parser promises no kind
        raise BadInput(f"{job.where}: is no ONNX file that can be read ({error}); export it again") from error


def _inputs(source: Any) -> list[Any]:
    """Inputs that are no constants."""
    constants = {t.name for t in source.graph.initializer}
    return [i for i in source.graph.input if i.name not in constants]


def _shape(value: Any) -> Shape | None:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None for d in kind.shape.dim)


def _fix(source: Any, shapes: list[tuple[int, ...]]) -> None:
    """Give every input its shape, and forget what shapes follow from them."""
    for value, shape in zip(_inputs(source), shapes, strict=True):
        kind = value.type.tensor_type
        kind.ClearField("shape")
        for size in shape:
            kind.shape.dim.add().dim_value = size
    del source.graph.value_info[:]
    for value in source.graph.output:
        value.type.tensor_type.ClearField("shape")


def _run(path: Path, names: list[str], samples: Samples) -> tuple[Array, ...]:
    """The outputs of ONNX Runtime for every sample."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = [session.run(None, dict(zip(names, values, strict=True))) for values in zip(*samples, strict=True)]
    return tuple(np.stack(column) for column in zip(*found, strict=True))
