"""The features of one window of vibration: how loud each band of frequencies is, compared with a normal machine."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
from machine_data import RATE_HZ, SCALE, WINDOW
from numpy.typing import NDArray

BANDS = Path(__file__).with_name("bands.json")


def log_bands(windows: NDArray[np.int16], edges_hz: list[float], floor: float) -> NDArray[np.float64]:
    """(n, WINDOW) -> (n, bands): ln(sum of |X|^2 / WINDOW over the band + floor), in (m/s2)^2, X of a Hann window."""
    x = windows * SCALE
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    power = np.abs(np.fft.rfft((x - x.mean(axis=1, keepdims=True)) * hann)) ** 2 / WINDOW
    hz = np.fft.rfftfreq(WINDOW, 1 / RATE_HZ)
    pairs = itertools.pairwise(edges_hz)
    return np.log(np.stack([power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in pairs], axis=1) + floor)


def features(windows: NDArray[np.int16], bands: dict[str, Any] | None = None) -> NDArray[np.float32]:
    """(n, WINDOW) int16 -> (n, bands): log powers less the normal mean, over the normal deviation."""
    bands = bands or json.loads(BANDS.read_text())
    raw = log_bands(windows, bands["edges_hz"], bands["floor"])
    return ((raw - bands["mean"]) / bands["deviation"]).astype(np.float32)
