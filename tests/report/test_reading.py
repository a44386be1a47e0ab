"""What pictures need to know of a run."""

from __future__ import annotations

import numpy as np
import pytest

from motes.report.reading import envelope


@pytest.mark.parametrize("count", [1, 7, 999, 1000, 1001, 50_000])
def test_an_envelope_misses_no_extreme(count: int) -> None:
    values = np.random.default_rng(count).standard_normal((count, 2))
    starts, low, high = envelope(values, 1000)
    assert len(starts) == len(low) == len(high) == min(count, 1000)
    assert (low.min(axis=0) == values.min(axis=0)).all() and (high.max(axis=0) == values.max(axis=0)).all()
    assert (low <= values[starts]).all() and (values[starts] <= high).all()
