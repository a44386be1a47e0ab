"""Generated test cases of the operators on channels of filter banks."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from motes.ir import Array, DType, Tensor
from motes.ops.case import Case

COUNT = 50
INT16, INT32, UINT32, UINT64 = DType.INT16, DType.INT32, DType.UINT32, DType.UINT64


def cases() -> Iterator[Case]:
    """Any number of channels, weights of all sizes, bins that count nothing, options at their ends."""
    for seed in range(COUNT):
        yield _filter_bank(seed)
        yield _square_root(seed)
        yield _subtraction(seed)
        yield _pcan(seed)
        yield _log(seed)


def _constant(name: str, values: list[int] | Array) -> Tensor:
    data = np.array(values, np.int16)
    return Tensor(name, data.shape, INT16, None, data)


def _filter_bank(seed: int) -> Case:
    rng = random.Random(f"signal filter bank {seed}")
    channels, bins = rng.choice((1, 2, 5, 13)), rng.choice((16, 33, 65))
    widths = [rng.choice((0, 1, 2, 4, 8)) for _ in range(channels + 1)]
    starts = [rng.randint(0, bins - width) for width in widths]
    at = [sum(widths[:i]) for i in range(channels + 1)]
    lowest = -32768 if seed % 5 == 0 else 0
    draw = np.random.default_rng(seed)
    count = max(1, sum(widths))
    weights = [draw.integers(lowest, 32767, count, endpoint=True) * (draw.random(count) < 0.8) for _ in range(2)]
    constants = (_constant("w", weights[0]), _constant("u", weights[1]))
    slopes = (_constant("starts", starts), _constant("at", at), _constant("widths", widths))
    x, y = Tensor("x", (bins,), UINT32), Tensor("y", (channels,), UINT64)
    inputs = (x, *constants, *slopes)
    return Case(f"signal_filter_bank_{seed}", "SignalFilterBank", {"num_channels": channels}, inputs, (y,))


def _square_root(seed: int) -> Case:
    rng = random.Random(f"signal square root {seed}")
    channels = rng.choice((1, 5, 40))
    x, y = Tensor("x", (channels,), UINT64), Tensor("y", (channels,), UINT32)
    bits = Tensor("bits", (), INT32)
    ranges: dict[Tensor, tuple[float, float]] = {bits: (0, 15)}
    if seed % 2:
        ranges[x] = (0, 1 << rng.choice((2, 16, 31, 32, 33, 47)))
    return Case(f"signal_square_root_{seed}", "SignalFilterBankSquareRoot", {}, (x, bits), (y,), ranges)


def _subtraction(seed: int) -> Case:
    rng = random.Random(f"signal subtraction {seed}")
    channels, bits = rng.choice((1, 2, 5, 40)), rng.choice((8, 14, 14, 16))
    even, odd = (rng.randint(0, 1 << bits) for _ in range(2))
    options = {
        "alternate_one_minus_smoothing": (1 << bits) - odd,
        "alternate_smoothing": odd,
        "clamping": rng.random() < 0.5,
        "min_signal_remaining": rng.choice((0, 1 << bits, rng.randint(0, 1 << bits))),
        "num_channels": channels,
        "one_minus_smoothing": (1 << bits) - even,
        "smoothing": even,
        "smoothing_bits": rng.choice((0, 10, 10, 16)),
        "spectral_subtraction_bits": bits,
    }
    x, y, noise = (Tensor(name, (channels,), UINT32) for name in ("x", "y", "noise"))
    ranges: dict[Tensor, tuple[float, float]] = {x: (0, 1 << rng.choice((4, 12, 20)))} if seed % 3 else {}
    return Case(
        f"signal_subtraction_{seed}",
        "SignalFilterBankSpectralSubtraction",
        options,
        (x,),
        (y, noise),
        ranges,
        remembers=True,
    )


def _pcan(seed: int) -> Case:
    rng = random.Random(f"signal pcan {seed}")
    channels, draw = rng.choice((1, 5, 40)), np.random.default_rng(seed)
    if seed % 2:
        curve = draw.integers(-32768, 32767, 125, endpoint=True)
    else:
        curve = np.sort(draw.integers(0, 32767, 125, endpoint=True))[::-1]
    x, noise, y = (Tensor(name, (channels,), UINT32) for name in ("x", "noise", "y"))
    ranges: dict[Tensor, tuple[float, float]] = {}
    if seed % 3:
        ranges = {t: (0, 1 << rng.choice((1, 2, 10, 20, 31))) for t in (x, noise)}
    options = {"snr_shift": rng.choice((0, 6, 6, 9, 20))}
    return Case(f"signal_pcan_{seed}", "SignalPCAN", options, (x, noise, _constant("gains", curve)), (y,), ranges)


def _log(seed: int) -> Case:
    rng = random.Random(f"signal log {seed}")
    channels = rng.choice((1, 5, 40))
    x, y = Tensor("x", (channels,), UINT32), Tensor("y", (channels,), INT16)
    options = {"input_correction_bits": rng.choice((0, 3, 3, 7)), "output_scale": rng.choice((1, 64, 64, 1600, 40000))}
    ranges: dict[Tensor, tuple[float, float]] = {x: (0, 1 << rng.choice((1, 3, 10, 20)))} if seed % 2 else {}
    return Case(f"signal_log_{seed}", "SignalFilterBankLog", options, (x,), (y,), ranges)
