"""The features of a window of vibration, by the compiled C that the application runs: bands.json says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from machine_data import RATE_HZ, WINDOW
from numpy.typing import NDArray

from motes.blocks import Accelerometer, SpectralBands
from motes.train import on_host

BANDS = Path(__file__).with_name("bands.json")
Z = 2  # the axis that vibrates


def features(windows: NDArray[np.int16], bands: dict[str, Any] | None = None) -> NDArray[np.float32]:
    """z samples, (n, WINDOW) -> (n, bands), with the bands given or those of bands.json."""
    bands = bands or json.loads(BANDS.read_text())
    stream = SpectralBands(**bands, window=WINDOW, axis=Z)(Accelerometer(rate=RATE_HZ))
    three_axes = np.zeros((*windows.shape, 3), np.int16)
    three_axes[..., Z] = windows
    (made,) = on_host(stream).run_many(three_axes)
    return made
