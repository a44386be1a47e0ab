"""Vibration to train on and to judge with, as the accelerometer delivers it.

It comes from a generator of a rotating machine with bearing defects, a Python file given on the command line, with
`recordings(kind, severity, count, seed) -> (count, 2048) float32` in m/s2 at 12 kHz. For a machine of your own, replace
`recordings` below by your own windows; only normal ones are needed to train.
"""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 12_000
WINDOW = 2_048  # samples: 171 ms, 5 turns of the shaft
STANDARD_GRAVITY = 9.80665  # m/s2
SCALE = 2 * STANDARD_GRAVITY / 32_768  # m/s2 a step of a 16-bit sensor with the range of +-2 g
BEARING_FAULTS = ("outer", "inner", "ball")

Recordings = Callable[..., NDArray[np.float32]]


def generator(path: Path) -> Recordings:
    """The `recordings` function of the generator at `path`."""
    found = runpy.run_path(str(path)).get("recordings")
    if found is None:
        raise SystemExit(f"{path}: has no function `recordings`")
    return found  # type: ignore[no-any-return]


def sensed(vibration: NDArray[np.float32]) -> NDArray[np.int16]:
    """What the sensor's z axis says of m/s2: steps of SCALE, cut off at +-2 g."""
    return np.clip(np.rint(vibration / SCALE), -32_768, 32_767).astype(np.int16)


def three_axes(vibration: NDArray[np.float32]) -> NDArray[np.int16]:
    """The sensor's triples, (n, WINDOW) -> (n, WINDOW, 3): x and y are silent, z vibrates."""
    triples = np.zeros((*vibration.shape, 3), np.int16)
    triples[..., 2] = sensed(vibration)
    return triples
