"""What a user may want converted, told apart without importing any of the libraries."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from motes.errors import BadInput

Kind = Literal["keras", "onnx", "torch"]

CONVERTERS: dict[Kind, tuple[str, str, str]] = {
    "keras": ("TensorFlow", "tensorflow", "tensorflow"),
    "onnx": ("onnx2tf", "onnx2tf", "onnx"),
    "torch": ("litert-torch", "litert_torch", "torch"),
}
"""For each kind: what its converter is called, its Python module, the extra of Motes that installs it."""

SUFFIXES: dict[str, Kind] = {".onnx": "onnx", ".keras": "keras", ".h5": "keras", ".pt2": "torch"}

OTHERS = {
    ".tflite": "it is what mt.convert makes; give it to mt.Model as it is",
    ".pt": "load it in Python, and give the torch.nn.Module",
    ".pth": "load it in Python, and give the torch.nn.Module",
}
"""Other files that people have, and what to do about them."""

CLASSES: dict[tuple[str, str], Kind] = {
    ("keras", "Model"): "keras",
    ("tf_keras", "Model"): "keras",
    ("torch", "Module"): "torch",
}
"""Package and name of the classes that models derive from."""

ANY = "give a Keras model, a torch.nn.Module, or the path of an .onnx, .keras, .h5 or .pt2 file or of a SavedModel"


@dataclass(frozen=True)
class Source:
    """A model to convert.

    Attributes:
        name: for the file that is made.
        where: for messages.
        path: of a file or a folder; None: it is `model`, an object in memory.
    """

    kind: Kind
    name: str
    where: str
    path: Path | None = None
    model: object = None

    @property
    def converter(self) -> str:
        """What its converter is called."""
        return CONVERTERS[self.kind][0]


def installed(module: str) -> bool:
    """Whether a package is there."""
    return importlib.util.find_spec(module) is not None


def recognise(source: object) -> Source:
    """What kind of model it is.

    Raises:
        BadInput: nothing that can be converted.
    """
    return _path(Path(source)) if isinstance(source, str | os.PathLike) else _object(source)


def check_installed(source: Source) -> None:
    """Whether there is something to convert it with.

    Raises:
        BadInput: there is not; the message says how to install it.
    """
    name, module, extra = CONVERTERS[source.kind]
    if not installed(module):
        raise BadInput(f"{source.where}: {name} is not installed, which converts it: pip install 'motes[{extra}]'")


def _path(path: Path) -> Source:
    if not path.exists():
        raise BadInput(f"{path}: there is no such file; {ANY}")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise BadInput(f"{path}: a folder without saved_model.pb; {ANY}")
        return Source("keras", path.resolve().name or "model", str(path), path.resolve())
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(
            f"{path}: {suffix or 'a file without a suffix'} is nothing to convert; {OTHERS.get(suffix, ANY)}"
        )
    return Source(SUFFIXES[suffix], path.stem, str(path), path.resolve())


def _object(model: object) -> Source:
    for base in type(model).__mro__:
        kind = CLASSES.get((base.__module__.split(".")[0], base.__name__))
        if kind is not None:
            name = getattr(model, "name", None) if kind == "keras" else type(model).__name__.lower()
            name = name if isinstance(name, str) and name.replace("_", "").isalnum() else "model"
            return Source(kind, name, type(model).__name__ if kind == "torch" else f"model {name}", model=model)
    raise BadInput(f"convert: {type(model).__name__} is nothing to convert; {ANY}")
