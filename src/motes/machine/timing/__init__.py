"""What basic blocks cost, core by core: each file but arm.py is a core's, and a core names its own in cores/*.toml."""

from __future__ import annotations

import functools
import importlib

from motes.machine.timing.blocks import BlockCost, InterruptCycles, Timing

__all__ = ["BlockCost", "InterruptCycles", "Timing", "block_cost", "timing_of"]


@functools.cache
def block_cost(timing: str, code: bytes, address: int) -> BlockCost:
    """The cost of the block with these bytes at this address: decoded once, however often the image runs.

    Args:
        timing: the name of the file, `Core.timing`.
    """
    return timing_of(timing).cost(code, address)


@functools.cache
def timing_of(timing: str) -> Timing:
    """The cycle model in the file of that name."""
    found: Timing = importlib.import_module(f"motes.machine.timing.{timing}").TIMING
    return found
