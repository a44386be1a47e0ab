"""From the camera's frame to the model's input."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def halve(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of 2x2 pixels, rounded to nearest, halves up: (..., 2h, 2w) -> (..., h, w)."""
    wide = images.astype(np.uint16)
    total = wide[..., ::2, ::2] + wide[..., 1::2, ::2] + wide[..., ::2, 1::2] + wide[..., 1::2, 1::2]
    return ((total + 2) >> 2).astype(np.uint8)
