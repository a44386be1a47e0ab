"""The micro front end: its operators, and the block that applications use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.blocks.micro_frontend import tables
from motes.errors import BadInput
from motes.ir import DType, Kernel, Node, Op, Params, quant
from motes.ops.signal_fft import tables as fft
from motes.ops.signal_filter_bank.tables import log_table
from motes.stream import Memory, Stream, count_of, step

RAW = quant(1 / 25.6, 0)
"""Of raw features: 64 * ln(energy), as models trained on `pymicro-features` read them."""
INT8 = quant(666 / 256 / 25.6, -128)
"""Of int8 features, by the rule of micro_speech."""
SHORTEST_WINDOW, LONGEST_WINDOW = 33, 2048


def _scratch(node: Node) -> int:
    return 2 * tables.transform_size(node.input(0).elements)


def _in_place(node: Node) -> tuple[tuple[int, int], ...]:
    return ((1, 1),)


def _even_with_radix_4(window: int) -> bool:
    return window % 2 == 0 and tables.first_radix(tables.transform_size(window) // 2) == 4


@dataclass(frozen=True)
class MicroFrontendOp(Op):
    """One frame: int16 (window) samples and uint32 (channels) noise -> uint16 (channels), and the next noise.

    Window (Hann, Q12), fixed-point Fourier transform, triangular mel filters over energies, square root, noise
    reduction, automatic gain control by noise (PCAN), logarithm. Source: TensorFlow Lite's
    `experimental/microfrontend` at its defaults, and KISS FFT with 16 bits; equal to both in every bit.
    """

    kernels = (
        Kernel("micro_frontend", "micro_frontend.h", scratch=_scratch, in_place=_in_place),
        Kernel(
            "micro_frontend_dsp",
            "micro_frontend_dsp.h",
            needs=frozenset({"dsp"}),
            fits=lambda node: _even_with_radix_4(node.input(0).elements),
            scratch=_scratch,
            in_place=_in_place,
        ),
    )

    rate: int
    lower_hz: float
    upper_hz: float

    def check(self, node: Node) -> None:
        x, noise, y, noise_next = node.input(0), node.input(1), *node.outputs
        assert (x.dtype, len(x.shape), y.dtype, noise.dtype) == (DType.INT16, 1, DType.UINT16, DType.UINT32), node
        assert noise.shape == noise_next.shape == y.shape, node

    def params(self, node: Node) -> Params:
        (window,), (channels,) = node.input(0).shape, node.outputs[0].shape
        points = tables.transform_size(window) // 2
        first_bin, slopes = tables.filter_bank(self.rate, window, channels, self.lower_hz, self.upper_hz)
        correction = tables.correction_bits(window)
        return {
            "window": window,
            "points": points,
            "first_radix": tables.first_radix(points),
            "channels": channels,
            "first_bin": first_bin,
            "correction": correction,
            "smoothing_even": int(0.025 * (1 << 14)),
            "smoothing_odd": int(0.06 * (1 << 14)),
            "least_signal": int(0.05 * (1 << 14)),
            "hann": tables.hann(window),
            "order": tables.group_order(points),
            "twiddles": fft.twiddles(points),
            "split": fft.split(points),
            "widths": np.array([len(s) for s in slopes], np.uint16),
            "weights": np.concatenate(slopes).astype(np.uint16),
            "gain": tables.gain_curve(correction),
            "log_table": log_table(),
        }


@dataclass(frozen=True)
class FrontendQuantize(Op):
    """uint16 features of the micro front end -> int8 of the same shape: clamp(round(256 x / 666) - 128).

    Source: TFLM's micro_speech example.
    """

    kernels = (Kernel("frontend_quantize", "frontend_quantize.h", in_place=lambda node: ((0, 0),)),)

    def check(self, node: Node) -> None:
        x, y = node.input(0), node.output
        assert (x.dtype, y.dtype, x.shape) == (DType.UINT16, DType.INT8, y.shape), node

    def params(self, node: Node) -> Params:
        return {"elements": node.output.elements}


@dataclass(frozen=True)
class MicroFrontend:
    """Features of speech as microcontrollers compute them: the integer audio front end of TensorFlow Lite Micro.

        features = MicroFrontend(window_ms=30, stride_ms=20, channels=40)(mic)

    Every `stride_ms` the last `window_ms` of samples become `channels` log energies of mel-spaced bands, freed from
    steady noise and with automatic gain. At 30/10 ms and 40 channels the raw values are those of `pymicro-features`.

    Args:
        window_ms: length of the analysed window; the samples it means must be 33 to 2048.
        stride_ms: from one frame to the next; TFLM wants at most `window_ms`, here gaps are allowed.
        channels: bands; the output's shape is (channels,).
        lower_hz, upper_hz: where the bands begin and end.
        raw: give uint16, 25.6 a unit; otherwise int8 by micro_speech's rule, 9.83 a unit from -128 up.

    Raises:
        BadInput: when applied, for arguments that make no filter bank, or a stream that is not int16 samples.
    """

    window_ms: float = 30
    stride_ms: float = 20
    channels: int = 40
    lower_hz: float = 125.0
    upper_hz: float = 7500.0
    raw: bool = False

    def __call__(self, samples: Stream) -> Stream:
        """Features of every window of `samples`, a stream of single int16 values."""
        if (samples.tensor.dtype, samples.tensor.shape) != (DType.INT16, ()):
            raise BadInput(f"MicroFrontend: {samples.tensor} is not a stream of int16 samples; give it a Microphone")
        window = count_of(self.window_ms, samples.period, "MicroFrontend: window_ms")
        stride = count_of(self.stride_ms, samples.period, "MicroFrontend: stride_ms")
        rate = round(1 / samples.period)
        self._check(rate, window)
        framed = samples.window(window, stride)
        op = MicroFrontendOp(rate, float(self.lower_hz), float(self.upper_hz))
        noise = Memory("noise", np.zeros(self.channels, np.uint32))
        raw = step("micro_frontend", op, [framed], ((self.channels,), DType.UINT16, RAW), memory=[noise])
        if self.raw:
            return raw
        return step("features", FrontendQuantize(), [raw], ((self.channels,), DType.INT8, INT8))

    def _check(self, rate: int, window: int) -> None:
        if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW:
            raise BadInput(
                f"MicroFrontend: window_ms={self.window_ms} is {window} samples at {rate} Hz; "
                f"it must be {SHORTEST_WINDOW} to {LONGEST_WINDOW}"
            )
        if isinstance(self.channels, bool) or not isinstance(self.channels, int) or not 1 <= self.channels <= 256:
            raise BadInput(f"MicroFrontend: channels is {self.channels!r}; it must be a whole number, 1 to 256")
        if not 0 <= self.lower_hz < self.upper_hz <= rate / 2:  # false for NaN
            raise BadInput(
                f"MicroFrontend: bands from {self.lower_hz} to {self.upper_hz} Hz; "
                f"they must lie between 0 and {rate / 2:g} Hz, half the sample rate"
            )
        first, slopes = tables.filter_bank(rate, window, self.channels, float(self.lower_hz), float(self.upper_hz))
        if first + sum(map(len, slopes)) > tables.transform_size(window) // 2:
            raise BadInput(f"MicroFrontend: upper_hz={self.upper_hz} reaches the last frequency bin; lower it a little")
