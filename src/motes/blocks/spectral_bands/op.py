"""Band energies of vibration: the operator, and the block that applications use."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from motes.blocks.spectrum import cosines
from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params
from motes.stream import Stream, step

SHORTEST_WINDOW, LONGEST_WINDOW = 16, 4096


@dataclass(frozen=True)
class SpectralBandsOp(Op):
    """int16 (window,) or (window, axes) samples -> float32 (bands); `SpectralBands` has the definition.

    `edges` are bins, `begin` and `end` of every band. Sums run in ascending order of bins.
    """

    kernels = (Kernel("spectral_bands", "spectral_bands.h", scratch=lambda node: 4 * node.input(0).shape[0]),)

    axis: int
    bins: tuple[tuple[int, int], ...]
    floor: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def check(self, node: Node) -> None:
        x, y = node.input(0), node.output
        assert (x.dtype, y.dtype, y.shape) == (DType.INT16, DType.FLOAT32, (len(self.bins),)), node

    def params(self, node: Node) -> Params:
        x = node.input(0)
        window = x.shape[0]
        return {
            "window": window,
            "axes": x.elements // window,
            "axis": self.axis,
            "bands": len(self.bins),
            "scale": x.scale / (2 * window**1.5),
            "floor": self.floor,
            "cosines": cosines(window),
            "begin": np.array([begin for begin, _ in self.bins], np.uint16),
            "end": np.array([end for _, end in self.bins], np.uint16),
            "mean": np.array(self.mean, np.float32),
            "factor": (1 / np.array(self.deviation, np.float64)).astype(np.float32),
        }


@dataclass(frozen=True)
class SpectralBands:
    """How loud each band of frequencies of a vibration is: the logarithm of its power, against a normal machine's.

        features = SpectralBands(edges_hz=[10, 100, 1000, 5000], window=2048, axis=2)(accelerometer)

    With x[n] the last N = `window` samples of one axis in real units (the stream's scale: m/s2 for an accelerometer):

        X[k] = sum over n of (x[n] - mean of x) * (1 - cos(2 pi n / N)) / 2 * exp(-2 pi i n k / N)
        y[b] = (ln(sum of |X[k]|^2 / N over the bins k of band b + floor) - mean[b]) / deviation[b]

    Band b holds the bins at k * rate / N Hz from edges_hz[b] up to, not including, edges_hz[b + 1]. Everything is
    single precision made of + - * /: targets agree in every bit.

    Args:
        edges_hz: band edges, ascending, from 0 to half the rate; or how many bands of equal width to cut that into.
        window: samples N, a power of two from 16 to 4096.
        stride: samples from one window to the next; None: `window`.
        axis: which element of an item: 0, 1, 2 for x, y, z.
        floor: added to every band's power, in squared units, so that silence has a logarithm.
        mean, deviation: per band, of ln(power) on normal data; None: 0 and 1, the plain logarithm.

    Raises:
        BadInput: when applied: such bands or windows do not exist, a band without a bin, a stream that is not int16.
    """

    edges_hz: Sequence[float] | int
    window: int = 2048
    stride: int | None = None
    axis: int = 0
    floor: float = 1e-3
    mean: Sequence[float] | None = None
    deviation: Sequence[float] | None = None

    def __call__(self, samples: Stream) -> Stream:
        """Features, float32 (bands), of every window of `samples`: int16 with shape () or (axes,)."""
        item = samples.tensor
        if item.dtype is not DType.INT16 or len(item.shape) > 1 or item.quant is None:
            raise BadInput(f"SpectralBands: {item} is not a stream of int16 samples; give it an Accelerometer")
        if isinstance(self.axis, bool) or self.axis not in range(item.elements):
            raise BadInput(f"SpectralBands: axis is {self.axis!r}; {item} has axes 0 to {item.elements - 1}")
        n = self.window
        if n not in [1 << i for i in range(16)] or not SHORTEST_WINDOW <= n <= LONGEST_WINDOW:
            raise BadInput(
                f"SpectralBands: window is {n!r}; it must be a power of two, {SHORTEST_WINDOW} to {LONGEST_WINDOW}"
            )
        if not 1e-30 <= self.floor <= 1e30:
            raise BadInput(f"SpectralBands: floor is {self.floor!r}; it must be positive, such as 0.001")
        bins = self._bins(float(1 / samples.period))
        mean = self._per_band("mean", self.mean, 0.0, len(bins))
        deviation = self._per_band("deviation", self.deviation, 1.0, len(bins))
        if min(deviation) <= 0:
            raise BadInput(f"SpectralBands: a deviation is {min(deviation)}; all must be positive")
        op = SpectralBandsOp(self.axis, bins, float(self.floor), mean, deviation)
        return step("spectral_bands", op, [samples.window(n, self.stride)], ((len(bins),), DType.FLOAT32, None))

    def _bins(self, rate: float) -> tuple[tuple[int, int], ...]:
        """First bin and the one behind the last, of every band."""
        if isinstance(self.edges_hz, int):
            count = self.edges_hz
            if not 1 <= count <= self.window // 2:
                raise BadInput(f"SpectralBands: {count} bands of equal width; 1 to {self.window // 2} are possible")
            edges = [rate / 2 * i / count for i in range(count + 1)]
        else:
            edges = [float(hz) for hz in self.edges_hz]
        rising = all(low < high for low, high in itertools.pairwise(edges))
        if len(edges) < 2 or not rising or edges[0] < 0 or edges[-1] > rate / 2:
            raise BadInput(
                f"SpectralBands: edges_hz is {edges}; give at least two frequencies, ascending, "
                f"from 0 to {rate / 2:g} Hz, half the sample rate"
            )
        at = [min(math.ceil(hz * self.window / rate), self.window // 2) for hz in edges]
        for (low, high), (begin, end) in zip(itertools.pairwise(edges), itertools.pairwise(at), strict=True):
            if begin == end:
                raise BadInput(
                    f"SpectralBands: the band from {low:g} to {high:g} Hz holds no bin: they are "
                    f"{rate / self.window:g} Hz apart; make it wider, or the window longer"
                )
        return tuple(itertools.pairwise(at))

    def _per_band(self, what: str, values: Sequence[float] | None, default: float, bands: int) -> tuple[float, ...]:
        found = (default,) * bands if values is None else tuple(float(v) for v in values)
        if len(found) != bands or not all(map(math.isfinite, found)):
            raise BadInput(
                f"SpectralBands: {what} has {len(found)} values; give a finite one for each of {bands} bands"
            )
        return found
