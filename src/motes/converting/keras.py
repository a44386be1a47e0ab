"""Keras models and SavedModels, through TensorFlow's own converter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from motes.converting.asking import Answer, Job, point, quiet
from motes.converting.samples import Samples, Shape, batched, fit
from motes.converting.sources import Source
from motes.converting.tflite import answer, function, run
from motes.errors import BadInput, Unsupported


def save(source: Source, samples: Samples | None, folder: Path) -> Path:
    """Save a model in memory as a SavedModel for a batch of one, with all its layers, those of the user's own too.

    Raises:
        BadInput, Unsupported: its shapes are open, or it cannot be saved.
    """
    import tensorflow as tf

    model: Any = source.model
    inputs = getattr(model, "inputs", None)
    if not inputs and samples is None:
        raise BadInput(f"{source.where}: has not been built, its shapes are open; give data")
    known = [_shape(t.shape) for t in inputs] if inputs else [None] * len(samples or ())
    types = [tf.as_dtype(t.dtype) for t in inputs] if inputs else [tf.float32] * len(known)
    shapes = fit(source.where, known, samples)
    holder = tf.Module()
    holder.model = model
    try:
        with quiet():
            signature = function(_call(model), shapes, types)
            tf.saved_model.save(holder, str(folder / "saved"), signatures=signature)
    except Exception as error:
        remedy = "see that the model runs under TensorFlow (KERAS_BACKEND=tensorflow)"
        raise Unsupported(source.where, f"TensorFlow cannot save it ({point(error)})", remedy) from error
    return folder / "saved"


def convert(job: Job) -> Answer:
    """In the worker: a .keras or .h5 file, or a SavedModel."""
    import tensorflow as tf

    if job.path.is_dir():
        model = tf.saved_model.load(str(job.path))  # its signature does not keep it
        call, known, types = _signature(model, job.where)
    else:
        model = tf.keras.models.load_model(str(job.path), compile=False)
        call, known = _call(model), [_shape(t.shape) for t in model.inputs]
        types = [tf.as_dtype(t.dtype) for t in model.inputs]
    shapes = fit(job.where, known, job.samples)
    made = function(call, shapes, types)
    samples = batched(job.samples, shapes, [t.as_numpy_dtype for t in types])
    outputs = run(made, samples) if samples else ()
    return answer(f"TensorFlow {tf.__version__}", made, samples, outputs, job.quantize)


def _signature(loaded: Any, where: str) -> tuple[Callable[..., Any], list[Shape | None], list[Any]]:
    """What a SavedModel computes, and its inputs' shapes and types."""
    found = loaded.signatures.get("serving_default")
    if found is None:
        raise BadInput(f"{where}: a SavedModel without the signature serving_default; save it with model.export")
    specs = found.structured_input_signature[1]
    names = sorted(specs)

    def call(*inputs: Any) -> list[Any]:
        made = found(**dict(zip(names, inputs, strict=True)))
        return [made[name] for name in sorted(made)]

    return call, [_shape(specs[n].shape) for n in names], [specs[n].dtype for n in names]


def _call(model: Any) -> Callable[..., Any]:
    return lambda *inputs: model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)


def _shape(shape: Any) -> Shape | None:
    """A tf.TensorShape or a tuple."""
    rank = getattr(shape, "rank", len(shape) if isinstance(shape, tuple) else None)
    return None if rank is None else tuple(None if d is None else int(d) for d in shape)
