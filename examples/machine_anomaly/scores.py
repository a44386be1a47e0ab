"""Figures for the README: area under the curve, and counts with their 95% interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def area_under_curve(normal: NDArray[np.float64], faulty: NDArray[np.float64]) -> float:
    """The chance that a faulty window scores above a normal one, ties counting half."""
    below = np.searchsorted(np.sort(normal), faulty, side="left").sum()
    not_above = np.searchsorted(np.sort(normal), faulty, side="right").sum()
    return float((below + not_above) / 2 / (len(normal) * len(faulty)))


def wilson(right: int, of: int) -> str:
    """ "234 of 239 (97.9%, 95% interval 95.2 to 99.1%)": Wilson's interval for a share."""
    z, p = 1.96, right / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    low, high = ((middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of))
    return f"{right} of {of} ({p:.1%}, 95% interval {low:.1%} to {high:.1%})"
