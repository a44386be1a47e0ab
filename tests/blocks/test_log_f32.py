"""The logarithm of the float blocks, against double precision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, DType, Kernel, Node, Op, Params
from motes.stream import step
from streams import lcg_int16, run, scores

COUNT = 65_536


@dataclass(frozen=True)
class LogValues(Op):
    """float32 -> float32 of the same shape, the natural logarithm."""

    kernels = (Kernel("log_values", "log_values.h"),)

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements}


def logarithms(x: Array) -> Array:
    stream = step("log", LogValues(), [scores(COUNT)], ((COUNT,), DType.FLOAT32, None))
    return run(stream, x.reshape(-1, COUNT)).ravel()


def ulps(made: Array, x: Array) -> float:
    """The largest error in units of the last place of the true value."""
    true = np.log(x.astype(np.float64))
    return float((np.abs(made - true) / np.spacing(np.abs(true).astype(np.float32))).max())


def test_every_normal_magnitude_is_within_one_ulp() -> None:
    bits = np.random.default_rng(1).integers(0x00800000, 0x7F800000, 16 * COUNT).astype(np.uint32)
    x = bits.view(np.float32)
    assert ulps(logarithms(x), x) < 1.0


def test_around_one_it_is_within_one_ulp() -> None:
    bits = np.arange(0x3F800000 - 8 * COUNT, 0x3F800000 + 8 * COUNT, dtype=np.uint32)
    x = bits.view(np.float32)
    assert ulps(logarithms(x), x) < 1.0


def test_limits() -> None:
    x = np.ones(COUNT, np.float32)
    x[:3] = 1.0, np.finfo(np.float32).tiny, np.finfo(np.float32).max
    assert logarithms(x)[:3].tolist() == [0.0, -87.3365478515625, 88.7228393554687500]


def test_bits_are_the_same_on_every_machine() -> None:
    x = (lcg_int16(COUNT).astype(np.float32) + np.float32(32769)) / np.float32(1024)
    assert hashlib.sha256(logarithms(x).tobytes()).hexdigest() == RECORDED


RECORDED = "488449655c25fdfcf53d750257dc05bd60ebc72a22a9e077de241c5cdf533951"
