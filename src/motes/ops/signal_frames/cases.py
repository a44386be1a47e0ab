"""Generated test cases of SignalFramer, SignalWindow, SignalOverlapAdd, SignalDelay and SignalStacker."""

from __future__ import annotations

import random
from collections.abc import Iterator

from motes.ir import DType, Tensor
from motes.ops.case import Case, draw_values

COUNT = 50
INT16 = DType.INT16


def cases() -> Iterator[Case]:
    """Frames that overlap, touch, or fit into no whole number of steps; several signals; outputs that TFLM writes in
    the first execution: else it gives what lay there."""
    for seed in range(COUNT):
        yield _framer(seed)
        yield _window(seed)
        yield _overlap_add(seed)
        yield _delay(seed)
        yield _stacker(seed)


def _outer(rng: random.Random) -> tuple[int, ...]:
    return rng.choice(((), (), (1,), (2,), (2, 3)))


def _framer(seed: int) -> Case:
    rng = random.Random(f"signal framer {seed}")
    step, outer, frames = rng.choice((1, 2, 5, 8, 16)), _outer(rng), rng.choice((1, 1, 2, 3))
    size = rng.choice((step, 2 * step, step + 1, 3 * step + 2, 33))
    prefill = size > step
    x = Tensor("x", (*outer, frames * step), INT16)
    y = Tensor("y", (*outer, frames, size), INT16)
    options = {"frame_size": size, "frame_step": step, "prefill": prefill}
    return Case(
        f"signal_framer_{seed}", "SignalFramer", options, (x,), (y, Tensor("z", (), DType.BOOL)), remembers=True
    )


def _window(seed: int) -> Case:
    rng = random.Random(f"signal window {seed}")
    size, outer = rng.choice((1, 2, 7, 16, 31)), rng.choice(((), (1,), (3,), (2, 2)))
    x, y = (Tensor(name, (*outer, size), INT16) for name in "xy")
    window = Tensor("w", (size,), INT16, None, draw_values(rng, (size,), INT16) if seed % 5 else None)
    return Case(f"signal_window_{seed}", "SignalWindow", {"shift": rng.choice((0, 1, 12, 15, 31))}, (x, window), (y,))


def _overlap_add(seed: int) -> Case:
    rng = random.Random(f"signal overlap add {seed}")
    dtype, outer, frames = (INT16, DType.FLOAT32)[seed % 2], _outer(rng), rng.choice((1, 1, 2, 3))
    size = rng.choice((1, 2, 5, 8, 16))
    step = rng.choice((size, rng.randint(1, size), (size + 1) // 2))
    x, y = Tensor("x", (*outer, frames, size), dtype), Tensor("y", (*outer, frames * step), dtype)
    options = {"T": 7 if dtype is INT16 else 0, "frame_step": step}
    return Case(f"signal_overlap_add_{seed}", "SignalOverlapAdd", options, (x,), (y,), remembers=True)


def _delay(seed: int) -> Case:
    rng = random.Random(f"signal delay {seed}")
    shape = (*_outer(rng), rng.choice((1, 2, 7, 16)))
    x, y = (Tensor(name, shape, INT16) for name in "xy")
    options = {"delay_length": rng.choice((0, 1, 3, 7, 16, 40))}
    return Case(f"signal_delay_{seed}", "SignalDelay", options, (x,), (y,), remembers=True)


def _stacker(seed: int) -> Case:
    rng = random.Random(f"signal stacker {seed}")
    channels, left = rng.choice((1, 2, 5, 10)), rng.choice((0, 1, 2, 4))
    x, y = Tensor("x", (channels,), INT16), Tensor("y", (channels * (left + 1),), INT16)
    options = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": 0,
        "stacker_step": rng.randint(1, left + 1),
    }
    return Case(
        f"signal_stacker_{seed}", "SignalStacker", options, (x,), (y, Tensor("z", (), DType.BOOL)), remembers=True
    )
