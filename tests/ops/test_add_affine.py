"""The affine step function of ADD: what `fit` finds holds for all 65,536 pairs, by a sum written out here."""

from __future__ import annotations

import random

import numpy as np

from motes.ops.add.affine import Rounded, fit
from motes.quant import quantize_multiplier


def rounded(rng: random.Random, a: float, b: float, y: float) -> Rounded:
    common = 2 * max(a, b)
    zeros = [rng.randint(-128, 127) for _ in range(3)]
    low = rng.choice((-128, zeros[2]))
    pairs = [quantize_multiplier(real) for real in (a / common, b / common, common / (2**20 * y))]
    return Rounded(*zeros, *pairs, low, 127)


def test_what_is_found_holds_for_every_pair() -> None:
    rng, found = random.Random(3), 0
    x = np.arange(-128, 128, dtype=np.int64)
    for _ in range(40):
        a, b, y = (2.0 ** rng.uniform(-6, 0) for _ in range(3))
        asked = rounded(rng, a, b, y)
        affine = fit(asked, a / y, b / y)
        if affine is None:
            continue
        found += 1
        halves = x * 256  # as SMLAWB sees a byte at the top of a halfword
        sums = (affine.a * halves >> 16)[:, np.newaxis] + (affine.b * halves >> 16) + affine.offset
        assert abs(sums).max() < 2**31
        assert np.array_equal(np.clip(np.clip(sums >> affine.shift, -128, 127), asked.low, asked.high), asked.table())
    assert found >= 30


def test_scales_too_far_apart_find_nothing() -> None:
    # A factor would need more than 32 bits.
    asked = rounded(random.Random(4), 100.0, 100.0, 0.001)
    assert fit(asked, 1e5, 1e5) is None
