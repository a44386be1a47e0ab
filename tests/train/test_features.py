from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from motes.blocks.sources import Accelerometer
from motes.blocks.spectral_bands.op import SpectralBands
from motes.errors import BadInput
from motes.train import on_host


def test_features_are_those_of_the_definition() -> None:
    edges = [100.0, 400.0, 1000.0, 3000.0]
    samples = np.random.default_rng(1).integers(-8000, 8000, (3, 512, 3)).astype(np.int16)
    (found,) = on_host(SpectralBands(edges, window=512, axis=1)(Accelerometer(rate=8000))).run_many(samples)

    x = samples[..., 1] * (2 * 9.80665 / 32768)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    power = np.abs(np.fft.rfft((x - x.mean(axis=1, keepdims=True)) * hann)) ** 2 / 512
    hz = np.fft.rfftfreq(512, 1 / 8000)
    bands = [power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in pairwise(edges)]
    np.testing.assert_allclose(found, np.log(np.stack(bands, axis=1) + 1e-3), rtol=0, atol=1e-4)


def test_a_sensor_alone_is_nothing_to_run() -> None:
    with pytest.raises(BadInput, match="there are 0 operators behind 1 windows"):
        on_host(Accelerometer(rate=8000))
