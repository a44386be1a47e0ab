"""Generated test cases of SignalFftAutoScale, SignalRfft, SignalIrfft and SignalEnergy."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case

COUNT = 50
TRANSFORMS = 78
FOURS = 24
"""Transforms in int16 whose complex ones have 4^n points."""
LENGTHS = (4, 6, 8, 10, 12, 16, 20, 24, 30, 32, 48, 50, 60, 64, 72, 90, 100, 120, 128, 150, 256)
CODES = {DType.INT16: 7, DType.INT32: 2, DType.FLOAT32: 0}
"""Types by their number in TensorFlow Lite's schema, as TFLM reads them."""


def cases() -> Iterator[Case]:
    """Transforms of every radix and length of signals, one or several."""
    for seed in range(COUNT):
        yield _auto_scale(seed)
        yield _energy(seed)
    for seed in range(TRANSFORMS):
        yield _transform("SignalRfft", seed)
        yield _transform("SignalIrfft", seed)
    for seed in range(FOURS):
        yield _fours(seed)


def _auto_scale(seed: int) -> Case:
    rng = random.Random(f"signal auto scale {seed}")
    count = rng.choice((1, 2, 3, 8, 31, 64))
    x, y = (Tensor(name, (count,), DType.INT16) for name in "xy")
    most = rng.choice((1, 5, 100, 4000, 20000, 32767, 32768))
    ranges = {} if most == 32768 else {x: (-most, rng.choice((most, most // 2)))}
    return Case(f"signal_auto_scale_{seed}", "SignalFftAutoScale", {}, (x,), (y, Tensor("z", (), DType.INT32)), ranges)


def _energy(seed: int) -> Case:
    rng = random.Random(f"signal energy {seed}")
    count = rng.choice((1, 2, 9, 33, 65))
    x, y = Tensor("x", (2 * count,), DType.INT16), Tensor("y", (count,), DType.UINT32)
    options = {"end_index": count, "start_index": 0}  # TFLM writes no others
    return Case(f"signal_energy_{seed}", "SignalEnergy", options, (x,), (y,))


def _transform(builtin: str, seed: int) -> Case:
    rng = random.Random(f"{builtin} {seed}")
    dtype, length = tuple(CODES)[seed % 3], LENGTHS[seed % len(LENGTHS)] if seed < 60 else rng.choice(LENGTHS)
    outer = rng.choice(((), (), (1,), (2,), (1, 3)))
    given = rng.choice((length, length, rng.randint(1, length))) if builtin == "SignalRfft" else length
    signals, spectra = Tensor("s", (*outer, given), dtype), Tensor("f", (*outer, length + 2), dtype)
    x, y = (signals, spectra) if builtin == "SignalRfft" else (spectra, signals)
    most = rng.choice((1000, 20000, 0))
    ranges = {x: (-most, most)} if most and dtype is not DType.FLOAT32 else {}
    options = {"T": CODES[dtype], "fft_length": length}
    return Case(f"{builtin.lower()}_{seed}", builtin, options, (x,), (y,), ranges)


def _fours(seed: int) -> Case:
    rng = random.Random(f"signal fours {seed}")
    length, outer = (8, 32, 32, 128)[seed % 4] if seed else 512, rng.choice(((), (1,), (2,)))
    given = rng.choice((length, 2 * rng.randint(1, length // 2)))
    x, y = Tensor("s", (*outer, given), DType.INT16), Tensor("f", (*outer, length + 2), DType.INT16)
    options = {"T": CODES[DType.INT16], "fft_length": length}
    return Case(f"signalrfft_fours_{seed}", "SignalRfft", options, (x,), (y,))
