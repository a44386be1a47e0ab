"""The operators: one folder a family, found by looking. A new operator is a new folder and no edit elsewhere."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from collections.abc import Iterator

from motes.ir import Builtin, Op


def families(package: str = "motes.ops") -> Iterator[str]:
    """Module names of every `op.py` one folder below `package`, sorted."""
    root = importlib.import_module(package)
    for found in sorted(pkgutil.iter_modules(root.__path__), key=lambda m: m.name):
        if found.ispkg:
            yield f"{package}.{found.name}.op"


def operators(package: str = "motes.ops") -> tuple[type[Op], ...]:
    """Every operator class below `package`, in order of its folder and name."""
    found = []
    for name in families(package):
        module = importlib.import_module(name)
        own = [c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == name]
        found += [c for c in own if issubclass(c, Op)]
    return tuple(found)


@functools.cache
def builtins() -> dict[str, tuple[type[Op], Builtin]]:
    """TensorFlow Lite's builtin operators that Motes imports: name -> the class, and how its options are stored."""
    return {builtin.name: (op, builtin) for op in operators() for builtin in op.tflite}
