"""From the camera's frames to the model's input, by the compiled C that the application runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from video import CAMERA, RATE_HZ

from motes.blocks import Camera, Resize
from motes.train import on_host

INPUT = 48  # pixels a side


def model_inputs(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n, CAMERA, CAMERA) -> (n, INPUT, INPUT)."""
    resize = Resize(INPUT, INPUT)(Camera(CAMERA, CAMERA, RATE_HZ))
    (made,) = on_host(resize).run_many(frames)
    return made
