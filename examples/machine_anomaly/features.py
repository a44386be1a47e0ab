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


def features(triples: NDArray[np.int16], bands: dict[str, Any] | None = None) -> NDArray[np.float32]:
    """(n, WINDOW, 3) -> (n, bands), with the bands given or those of bands.json."""
    bands = bands or json.loads(BANDS.read_text())
    stream = SpectralBands(**bands, window=WINDOW, axis=2)(Accelerometer(rate=RATE_HZ))
    (made,) = on_host(stream).run_many(triples)
    return made
