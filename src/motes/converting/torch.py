"""PyTorch modules, through litert-torch; its float file is quantized by the AI Edge Quantizer that comes with it."""

from __future__ import annotations

import copy
import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np

from motes.converting.asking import Answer, Job, point, quiet
from motes.converting.samples import Samples, Shape, batched, channels_last, fit
from motes.converting.sources import Source
from motes.converting.tflite import ordered
from motes.errors import BadInput, Unsupported
from motes.ir import Array

RECIPES = {"int8": "static_wi8_ai8", "int16": "static_wi8_ai16"}
IMAGE_RANK = 4
"""Tensors of so many axes or more have channels, as the axis behind the batch."""


def save(source: Source, samples: Samples | None, folder: Path) -> Path:
    """Save a module in memory as torch.export does; the module itself is left as it is.

    Raises:
        BadInput, Unsupported: there is no data to trace it with, or it cannot be traced.
    """
    import torch

    if samples is None:
        raise BadInput(
            f"{source.where}: a torch.nn.Module does not say its inputs' shapes; give data, one sample will do"
        )
    module: Any = copy.deepcopy(source.model)
    module.eval().cpu()
    inputs = [torch.from_numpy(np.ascontiguousarray(x[:1])) for x in samples]
    inputs = [x.float() if x.is_floating_point() else x for x in inputs]
    try:
        with quiet(), torch.no_grad():
            torch.export.save(torch.export.export(module, tuple(inputs)), folder / "module.pt2")
    except Exception as error:
        remedy = "data are samples without a batch axis; see that the module takes a batch of one"
        raise Unsupported(source.where, f"torch.export cannot trace it ({point(error)})", remedy) from error
    return folder / "module.pt2"


def convert(job: Job) -> Answer:
    """In the worker: a .pt2 file."""
    import litert_torch
    import torch
    from ai_edge_litert.interpreter import Interpreter

    program = torch.export.load(job.path)
    if program.example_inputs is None or program.example_inputs[1]:
        raise BadInput(f"{job.where}: was exported with keyword arguments; export it with positional ones")
    module, examples = program.module(), program.example_inputs[0]
    known: list[Shape | None] = [tuple(x.shape) for x in examples]
    if any(len(x.shape) == 0 or x.shape[0] != 1 for x in examples):
        raise BadInput(
            f"{job.where}: was exported for inputs of {[list(x.shape) for x in examples]}; export a batch of one"
        )
    shapes = fit(job.where, known, job.samples)
    samples = batched(job.samples, shapes, [x.numpy().dtype for x in examples])
    outputs = _run(module, samples) if samples else ()

    images = [i for i, shape in enumerate(shapes) if len(shape) >= IMAGE_RANK]
    inputs = tuple(torch.movedim(x, 1, -1).contiguous() if i in images else x for i, x in enumerate(examples))
    litert_torch.convert(_channels_last(module, images), inputs).export("float.tflite")
    if samples:
        samples = tuple(channels_last(x, 2) if i in images else x for i, x in enumerate(samples))
    model = real = Path("float.tflite").read_bytes()
    version = f"litert-torch {importlib.metadata.version('litert-torch')}"
    if job.quantize and samples:
        model = _quantize(model, samples, RECIPES[job.quantize])
        version += f", ai-edge-quantizer {importlib.metadata.version('ai-edge-quantizer')}"
    return ordered(model, version, Interpreter(model_content=real), samples, outputs)  # the order stays


def _run(module: Any, samples: Samples) -> tuple[Array, ...]:
    """The module's outputs for every sample."""
    import torch
    from torch.utils import _pytree

    with torch.no_grad():
        found = [_pytree.tree_leaves(module(*map(torch.from_numpy, values))) for values in zip(*samples, strict=True)]
    return tuple(np.stack([y.numpy() for y in column]) for column in zip(*found, strict=True))


def _channels_last(module: Any, images: list[int]) -> Any:
    """The module with inputs of these numbers, and all outputs of as many axes, channels last; outputs in a tuple."""
    import torch
    from torch.utils import _pytree

    class ChannelsLast(torch.nn.Module):  # type: ignore[misc]  # torch is imported late: Any to mypy
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, *inputs: Any) -> tuple[Any, ...]:
            found = self.inner(*(torch.movedim(x, -1, 1) if i in images else x for i, x in enumerate(inputs)))
            leaves = _pytree.tree_leaves(found)
            return tuple(torch.movedim(y, 1, -1) if y.ndim >= IMAGE_RANK else y for y in leaves)

    return ChannelsLast()


def _quantize(model: bytes, samples: Samples, recipe: str) -> bytes:
    """The float file with integers throughout; ranges hold every value that the samples bring about."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import calibrator, quantizer, recipe_manager
    from ai_edge_quantizer import recipe as recipes

    ((signature, ends),) = Interpreter(model_content=model).get_signature_list().items()
    names = sorted(ends["inputs"], key=lambda name: int(name.rsplit("_", 1)[-1]))
    rows = [dict(zip(names, values, strict=True)) for values in zip(*samples, strict=True)]
    chosen = getattr(recipes, recipe)()
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(chosen)
    found = calibrator.Calibrator(bytearray(model), qsv_update_func=_wider)
    found.calibrate({signature: rows}, manager)
    made = quantizer.Quantizer(bytearray(model), chosen).quantize(found.get_model_qsvs())
    made.export_model("quantized.tflite", overwrite=True)
    return Path("quantized.tflite").read_bytes()


def _wider(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The range of both; the quantizer by itself takes a moving average, outside of which values lie."""
    if not before:
        return now
    return {"min": np.minimum(before["min"], now["min"]), "max": np.maximum(before["max"], now["max"])}
