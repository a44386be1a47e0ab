"""Motes: from a model and a sensor to one firmware image.

import motes as mt

mic = mt.Microphone(rate=16_000)
features = mt.MicroFrontend(window_ms=30, stride_ms=20, channels=40)(mic)
scores = mt.Model("keywords.tflite")(features.window(49, stride=10))
heard = mt.Detect(labels=[...], threshold=0.8, average_ms=500, suppress_ms=1500)(scores)
app = mt.App("keywords", mt.Print(heard))
run = app.build("virt-m4").run("scene.wav")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motes.app import LED, App, Model, Print, load_app
    from motes.blocks import (
        Accelerometer,
        Camera,
        Crop,
        Detect,
        LogMel,
        MicroFrontend,
        Microphone,
        MovingAverage,
        ReconstructionError,
        Resize,
        SpectralBands,
        Suppress,
        Threshold,
    )
    from motes.built import Build, Run
    from motes.converting import Converted, convert
    from motes.errors import BadInput, BoardFault, BuildFailed, DoesNotFit, MotesError, Unsupported
    from motes.judging import Event
    from motes.profiling import Profile, profile
    from motes.stream import Stream

_HOMES = {
    "motes.app": ("LED", "App", "Model", "Print", "load_app"),
    "motes.built": ("Build", "Run"),
    "motes.converting": ("Converted", "convert"),
    "motes.errors": ("BadInput", "BoardFault", "BuildFailed", "DoesNotFit", "MotesError", "Unsupported"),
    "motes.judging": ("Event",),
    "motes.profiling": ("Profile", "profile"),
    "motes.stream": ("Stream",),
}
"""Names that are not blocks; they are imported when first used, so that `import motes` is quick."""

__all__ = [
    "LED",
    "Accelerometer",
    "App",
    "BadInput",
    "BoardFault",
    "Build",
    "BuildFailed",
    "Camera",
    "Converted",
    "Crop",
    "Detect",
    "DoesNotFit",
    "Event",
    "LogMel",
    "MicroFrontend",
    "Microphone",
    "Model",
    "MotesError",
    "MovingAverage",
    "Print",
    "Profile",
    "ReconstructionError",
    "Resize",
    "Run",
    "SpectralBands",
    "Stream",
    "Suppress",
    "Threshold",
    "Unsupported",
    "convert",
    "load_app",
    "profile",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'motes' has no attribute {name!r}")
    home = next((module for module, names in _HOMES.items() if name in names), "motes.blocks")
    return getattr(importlib.import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
