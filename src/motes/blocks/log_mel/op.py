"""Log mel energies: the operator, and the block that applications use."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from motes.blocks.spectrum import cosines
from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params
from motes.stream import Stream, count_of, step

SHORTEST_TRANSFORM, LONGEST_TRANSFORM = 16, 4096


def mel(hz: float) -> float:
    """The mel scale of HTK: 1127 ln(1 + f / 700)."""
    return 1127 * math.log1p(hz / 700)


@dataclass(frozen=True)
class LogMelOp(Op):
    """int16 (window) samples -> float32 (channels); `LogMel` has the definition."""

    kernels = (Kernel("log_mel", "log_mel.h", scratch=lambda node: 4 * _transform(node)),)

    rate: int
    transform: int
    lower_hz: float
    upper_hz: float
    floor: float

    def check(self, node: Node) -> None:
        x, y = node.input(0), node.output
        assert (x.dtype, len(x.shape), y.dtype, len(y.shape)) == (DType.INT16, 1, DType.FLOAT32, 1), node
        assert x.elements <= self.transform, node

    def params(self, node: Node) -> Params:
        (window,), (channels,) = node.input(0).shape, node.output.shape
        first_bin, slopes = self._slopes(channels)
        hann = [(0.5 - 0.5 * math.cos(2 * math.pi * j / window)) / 32768 for j in range(window // 2 + 1)]
        return {
            "window": window,
            "transform": self.transform,
            "channels": channels,
            "first_bin": first_bin,
            "floor": self.floor,
            "hann": np.array(hann, np.float32),
            "cosines": cosines(self.transform),
            "widths": np.array([len(s) for s in slopes], np.uint16),
            "rising": np.array([w for s in slopes for w in s] or [0.0], np.float32),
        }

    def _slopes(self, channels: int) -> tuple[int, list[list[float]]]:
        """The first bin on a slope, and for every slope between two corners the bins' weights in the upper channel."""
        low, high = mel(self.lower_hz), mel(self.upper_hz)
        corners = [low + (high - low) * i / (channels + 1) for i in range(channels + 2)]
        bins = [mel(k * self.rate / self.transform) for k in range(1, self.transform // 2)]
        slopes = [[(m - a) / (b - a) for m in bins if a <= m < b] for a, b in itertools.pairwise(corners)]
        return 1 + sum(m < low for m in bins), slopes


def _transform(node: Node) -> int:
    assert isinstance(node.op, LogMelOp)
    return node.op.transform


@dataclass(frozen=True)
class LogMel:
    """Features of sound as most papers compute them: the logarithm of the power in mel-spaced bands.

        features = LogMel(window_ms=30, stride_ms=20, channels=40, lower_hz=20, upper_hz=8000)(mic)

    With x[n] the last N samples, full scale 1, filled up with zeros to T = `fft` points:

        X[k] = sum over n of x[n] * (1 - cos(2 pi n / N)) / 2 * exp(-2 pi i n k / T)
        y[c] = ln(sum over k of W[c, k] * |X[k]|^2 + floor)

    W are triangles that rise from 0 to 1 and fall to 0, linear in mel = 1127 ln(1 + f / 700) (HTK's scale), their
    corners equally spaced from lower_hz to upper_hz; the mean (k = 0) is left out. That is
    `tf.signal.linear_to_mel_weight_matrix` on powers. Everything is single precision made of + - * /: targets agree in
    every bit.

    Args:
        window_ms: length of the analysed window.
        stride_ms: from one frame to the next.
        channels: bands, 1 to 256; the output's shape is (channels,).
        lower_hz, upper_hz: where the bands begin and end, up to half the sample rate.
        fft: points T, a power of two from 16 to 4096 and at least the window; None: the least possible.
        floor: added to every band's power, so that silence has a logarithm.

    Raises:
        BadInput: when applied: such bands or windows do not exist, or a stream that is not int16 samples.
    """

    window_ms: float = 30
    stride_ms: float = 20
    channels: int = 40
    lower_hz: float = 20.0
    upper_hz: float = 8000.0
    fft: int | None = None
    floor: float = 1e-6

    def __call__(self, samples: Stream) -> Stream:
        """Features, float32 (channels), of every window of `samples`, a stream of single int16 values."""
        if (samples.tensor.dtype, samples.tensor.shape) != (DType.INT16, ()):
            raise BadInput(f"LogMel: {samples.tensor} is not a stream of int16 samples; give it a Microphone")
        window = count_of(self.window_ms, samples.period, "LogMel: window_ms")
        stride = count_of(self.stride_ms, samples.period, "LogMel: stride_ms")
        rate = round(1 / samples.period)
        op = LogMelOp(rate, self._check(rate, window), float(self.lower_hz), float(self.upper_hz), float(self.floor))
        return step("log_mel", op, [samples.window(window, stride)], ((self.channels,), DType.FLOAT32, None))

    def _check(self, rate: int, window: int) -> int:
        """Points of the transform."""
        least = max(1 << (window - 1).bit_length(), SHORTEST_TRANSFORM)
        points = least if self.fft is None else self.fft
        if points not in [1 << i for i in range(16)] or not least <= points <= LONGEST_TRANSFORM:
            raise BadInput(
                f"LogMel: a window of {window} samples and fft={self.fft!r}; the transform must be a power of two, "
                f"{least} to {LONGEST_TRANSFORM}"
            )
        if isinstance(self.channels, bool) or not isinstance(self.channels, int) or not 1 <= self.channels <= 256:
            raise BadInput(f"LogMel: channels is {self.channels!r}; it must be a whole number, 1 to 256")
        if not 0 <= self.lower_hz < self.upper_hz <= rate / 2:  # false for NaN
            raise BadInput(
                f"LogMel: bands from {self.lower_hz} to {self.upper_hz} Hz; "
                f"they must lie between 0 and {rate / 2:g} Hz, half the sample rate"
            )
        if not 1e-30 <= self.floor <= 1e30:
            raise BadInput(f"LogMel: floor is {self.floor!r}; it must be positive, such as 1e-6")
        return points
