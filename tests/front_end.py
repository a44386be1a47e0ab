"""The micro front end, and signals that try it."""

from __future__ import annotations

import numpy as np

from motes.blocks import MicroFrontend, Microphone
from motes.build import host
from motes.ir import Array
from motes.stream import Step, Window
from streams import graph_of, lcg_int16


def compiled(block: MicroFrontend) -> tuple[host.HostGraph, int, int]:
    """The block on this machine, with checks of undefined behaviour; its window and stride in samples."""
    stream = block(Microphone())
    graph = graph_of(stream)
    while isinstance(stream.origin, Step):
        (stream,) = stream.origin.inputs
    assert isinstance(stream.origin, Window)
    (found,) = host.load([graph], sanitize=True)
    return found, stream.origin.length, stream.origin.stride


def frames(block: MicroFrontend, samples: Array) -> Array:
    """Features of every window from the beginning."""
    run, window, stride = compiled(block)
    every = np.lib.stride_tricks.sliding_window_view(samples, window)[::stride]
    (made,) = run.run_many(np.ascontiguousarray(every))
    return made


def generated() -> dict[str, Array]:
    """Signals that reach every branch: silence, limits, steps, noise of all levels. In integers: equal everywhere."""
    t = np.arange(16_000)
    noise = lcg_int16(len(t)).astype(np.int64)
    signals = {
        "silence": 0 * t,
        "lowest": 0 * t - 32768,
        "highest": 0 * t + 32767,
        "square": np.where(t // 40 % 2, 32767, -32768),
        "impulses": np.where(t % 1234 == 0, -32768, 0),
        "lone bits": t % 977 == 0,
        "sweep": np.abs(t * t // 4 % 131_072 - 65_536) - 32_768,
        "noise": noise,
        "swelling": noise >> (15 - t // 1001),
        "fading": noise >> (t // 1001),
    }
    return {name: values.astype(np.int16) for name, values in signals.items()}
