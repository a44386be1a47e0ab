"""Between which values the channels of a tensor lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Interval:
    """The least and the largest value that each channel may have, for any input: int64, (channels,), both included.

    Channels count along the last axis of a tensor of integers; a scalar has one.
    """

    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]

    @staticmethod
    def of(values: npt.NDArray[Any]) -> Interval:
        """The least interval that holds integers of any shape."""
        rows = values.reshape(-1, values.shape[-1] if values.ndim else 1).astype(np.int64)
        return Interval(rows.min(axis=0), rows.max(axis=0))

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """(channels,): which have one value only, whatever the input."""
        return np.asarray(self.low == self.high)

    def clip(self, low: int, high: int) -> Interval:
        """What is left of it behind a clamp."""
        return Interval(np.clip(self.low, low, high), np.clip(self.high, low, high))

    def through(self, outputs: npt.NDArray[Any], first: int) -> Interval:
        """What a function makes of it, whose value at `first` + i is `outputs[i]`."""
        pairs, place = np.unique(np.stack([self.low, self.high]) - first, axis=1, return_inverse=True)
        parts = [outputs[low : high + 1].astype(np.int64) for low, high in pairs.T]
        least, most = (np.array([side(part) for part in parts]) for side in (np.min, np.max))
        return Interval(least[place.reshape(-1)], most[place.reshape(-1)])
