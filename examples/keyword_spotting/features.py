"""What the model sees: the block of app.py, compiled for this machine from the same C as for the board."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

import motes as mt
from motes.build.host import HostGraph
from motes.train import on_host

RATE, WINDOW_MS, STRIDE_MS, CHANNELS = 16_000, 30, 20, 40
WINDOW = 49
"""Frames that the model sees: 0.99 s."""
INPUT_SCALE = 666 / 256 / 25.6
"""Of the int8 features, zero point -128."""


@cache
def _frontend() -> HostGraph:
    return on_host(mt.MicroFrontend(window_ms=WINDOW_MS, stride_ms=STRIDE_MS, channels=CHANNELS)(mt.Microphone(RATE)))


def features(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int8]:
    """int16 (n,) at 16 kHz -> int8 (frames, 40), as the board computes them from power-on."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, RATE * WINDOW_MS // 1000)[:: RATE * STRIDE_MS // 1000]
    frontend = _frontend()
    frontend.reset()
    (found,) = frontend.run_many(np.ascontiguousarray(windows))
    return np.asarray(found, np.int8)
