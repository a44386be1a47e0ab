"""`mt.convert`: models of Keras, ONNX and PyTorch become .tflite files, through the converters that their makers keep.

A converter is a large library that may end its process, so it works in a process of its own (`worker.py`); what it
prints is kept from the user, but for the line that says why it failed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.text import Text

from motes.build import cache
from motes.build.files import write_files
from motes.converting import keras, torch
from motes.converting.agreement import Agreement, agreement
from motes.converting.asking import ask
from motes.converting.samples import Samples, read_samples
from motes.converting.sources import Source, check_installed, recognise
from motes.errors import BadInput
from motes.ir import Graph, Tensor
from motes.names import printable
from motes.progress import Progress, silent
from motes.tflite import load

Quantize = Literal["int8", "int16"]


@dataclass(frozen=True)
class Converted:
    """A .tflite file that was made; `mt.Model` and every function that takes a path takes it.

    Attributes:
        source: what it was made of.
        path: of the file.
        converter: its name and version.
        quantize: the type of activations; None: float32.
        samples: how many inputs were given, for ranges and for `agreements`.
        agreements: for each output, how near Motes' own run of the file is to the source's on those inputs.
    """

    source: str
    path: Path
    converter: str
    quantize: Quantize | None
    graph: Graph = field(repr=False)
    samples: int
    agreements: tuple[Agreement, ...]

    def __fspath__(self) -> str:
        return str(self.path)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "source": self.source,
            "path": str(self.path),
            "bytes": self.path.stat().st_size,
            "converter": self.converter,
            "quantize": self.quantize,
            "inputs": [_described(t) for t in self.graph.inputs],
            "outputs": [_described(t) for t in self.graph.outputs],
            "samples": self.samples,
            "agreement": [a.to_json() for a in self.agreements],
        }

    def table(self) -> RenderableType:
        """For a terminal."""
        size = self.path.stat().st_size
        kind = self.quantize or "float32"
        head = Text.assemble((printable(self.source), "bold"), f" as {kind}: {size:,} bytes, by {self.converter}")
        ends = [("input ", t) for t in self.graph.inputs] + [("output", t) for t in self.graph.outputs]
        lines = [Text(f"{end} {printable(str(t))} {printable(t.origin)}".rstrip()) for end, t in ends]
        lines += [Text(f"on {self.samples} samples: {printable(str(a))}") for a in self.agreements]
        return Group(head, *lines, Text(str(self.path), "dim"))


def convert(
    source: object,
    data: object = None,
    *,
    quantize: Quantize | None = "int8",
    out: str | os.PathLike[str] | None = None,
    progress: Progress = silent,
) -> Converted:
    """Make a .tflite file of a model for a batch of one, and compare the two.

    Inputs of four or more axes, and outputs, which ONNX and PyTorch have as (batch, channels, height, width), become
    (batch, height, width, channels); `data` is always as the source takes it.

    Args:
        source: a Keras model; a .keras or .h5 file; the folder of a SavedModel; an .onnx file; a torch.nn.Module; a
            .pt2 file that torch.export has saved.
        data: about a hundred typical inputs, to find the range of every tensor: an array, samples first, or any
            iterable of arrays, of tuples for several inputs. At most 1,000 are used. None: only for float32, where
            the source itself says its shapes.
        quantize: "int8"; "int16", int16 activations with int8 weights; or None, which leaves all in float32. Ends
            are of that type, too.
        out: the .tflite file to write; None: one below the user's cache, named by its content.

    Raises:
        BadInput: the source or the data cannot be used, or the converter is not installed.
        Unsupported: the converter gives up, or Motes does not do what the file asks for; the file is there then.
    """
    if quantize not in ("int8", "int16", None):
        raise BadInput(f"convert: quantize is {quantize!r}; give 'int8', 'int16', or None for float32")
    target = None if out is None else Path(out)
    if target is not None and target.suffix.lower() != ".tflite":
        raise BadInput(f"{target}: the file to write is to end in .tflite")
    found = recognise(source)
    if quantize and data is None:
        raise BadInput(
            f"convert: quantize={quantize!r} needs data, to find the range of every tensor; give about a hundred "
            "typical inputs, samples first, or quantize=None for float32"
        )
    check_installed(found)
    samples = None if data is None else read_samples(data)
    with cache.workshop() as folder:
        given = _file(found, samples, folder, progress)
        progress(f"converting with {found.converter}", None)
        answer = ask(found, given, samples, quantize, folder)
    if target is None:
        target = cache.folder() / "converted" / cache.digest(answer.model)[:20] / f"{found.name}.tflite"
    write_files({target: answer.model})
    graph = load(target)
    progress("comparing with the source", None)
    agreements = agreement(graph, answer, found.where)
    count = len(samples[0]) if samples else 0
    return Converted(found.where, target.absolute(), answer.converter, quantize, graph, count, agreements)


def _file(source: Source, samples: Samples | None, folder: Path, progress: Progress) -> Path:
    """Where the worker finds the source: models in memory are saved into `folder`."""
    if source.path is not None:
        return source.path
    progress("saving the model", None)
    save = keras.save if source.kind == "keras" else torch.save
    return save(source, samples, folder)


def _described(tensor: Tensor) -> dict[str, Any]:
    quant = tensor.quant and {"scale": tensor.quant.scale[0], "zero_point": tensor.quant.zero_point[0]}
    shape = list(tensor.shape)
    return {"name": tensor.origin or tensor.name, "dtype": tensor.dtype.value, "shape": shape, "quantization": quant}
