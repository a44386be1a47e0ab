"""SignalFftAutoScale, SignalRfft, SignalIrfft and SignalEnergy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from motes.errors import BadInput, Unsupported
from motes.ir import DType, Kernel, Node, Op, Params, Tensor
from motes.ops.broadcast import is_type
from motes.ops.signal_fft import tables
from motes.ops.signals import BUILD_AGAIN, check_ends, check_option, check_shape, signal

MOST_POINTS_DSP = 1024
"""Of which `fft_s16_dsp.h` has all stages."""

LONGEST = 1 << 16
"""Samples of the longest transform: its indices fit into 16 bits."""


@dataclass(frozen=True)
class SignalFftAutoScale(Op):
    """int16 (n) -> the same shifted left so that it uses all 16 bits, and by how many bits, int32 scalar.

    Source: TFLM's SignalFftAutoScale.
    """

    tflite = (signal("SignalFftAutoScale"),)
    types = (DType.INT16,)
    kernels = (Kernel("signal_fft_auto_scale", "signal_spectrum.h", in_place=lambda node: ((0, 0),)),)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFftAutoScale:
        return cls()

    def check(self, node: Node) -> None:
        check_ends(node, [DType.INT16], [DType.INT16, DType.INT32])
        x, (y, bits) = node.input(0), node.outputs
        check_shape(node, x, [x.elements])
        check_shape(node, y, x.shape)
        check_shape(node, bits, [])

    def params(self, node: Node) -> Params:
        return {"count": node.input(0).elements}


@dataclass(frozen=True)
class Transform(Op):
    """Between real signals of `length` samples and their spectra of length / 2 + 1 complex values, along the last axis.

    Dtypes: int16 and int32, where values are divided by the length, and float32. Complex values are pairs of a real and
    an imaginary part. Source: TFLM's SignalRfft and SignalIrfft; KISS FFT by M. Borgerding.
    """

    inverse: ClassVar[bool]
    types = (DType.INT16, DType.INT32, DType.FLOAT32)
    limits = "lengths 2^a 3^b 5^c, 4 to 65,536"

    length: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> Transform:
        return cls(options["fft_length"])

    def check(self, node: Node) -> None:
        dtype = node.input(0).dtype if node.inputs and node.inputs[0] else DType.INT16
        if dtype not in self.types:
            raise Unsupported(node, f"{node.input(0)} is not int16, int32 or float32", BUILD_AGAIN)
        check_ends(node, [dtype], [dtype])
        x, y = node.input(0), node.output
        check_option(node, "fft_length", self.length, 4, LONGEST)
        if self.length % 2 or tables.factors(self.length // 2) is None:
            raise Unsupported(
                node, f"a transform of {self.length} samples is not of 2^a 3^b 5^c", "choose a length that is, as 512"
            )
        signals, spectra = (y, x) if self.inverse else (x, y)
        if not signals.shape or (self.inverse and signals.shape[-1] != self.length):
            raise BadInput(f"{node}: {signals} is not of signals of {self.length} samples; {BUILD_AGAIN}")
        if signals.shape[-1] > self.length:
            raise BadInput(
                f"{node}: {signals} has more samples than the {self.length} of the transform; raise fft_length"
            )
        check_shape(node, spectra, (*signals.shape[:-1], self.length + 2))

    def params(self, node: Node) -> Params:
        dtype, points = node.output.dtype, self.length // 2
        fives, threes, twos = tables.factors(points) or (0, 0, 0)
        samples = (node.output if self.inverse else node.input(0)).shape
        return {
            "outer": node.output.elements // node.output.shape[-1],
            "length": samples[-1],
            "points": points,
            "fives": fives,
            "threes": threes,
            "twos": twos,
            "places": tables.places(points),
            "twiddles": tables.twiddles(points, dtype, self.inverse),
            "split": tables.split(points, dtype, self.inverse),
        }


def _kernels(function: str) -> tuple[Kernel, ...]:
    suffixes = {DType.INT16: "s16", DType.INT32: "s32", DType.FLOAT32: "f32"}
    return tuple(
        Kernel(f"{function}_{suffix}", f"signal_fft_{suffix}.h", fits=is_type(dtype))
        for dtype, suffix in suffixes.items()
    )


def _served(node: Node) -> bool:
    """Whether the kernel for DSP instructions serves it."""
    x, points = node.input(0), (node.output.shape[-1] - 2) // 2
    fours = points.bit_count() == 1 and points.bit_length() % 2 == 1
    return x.dtype is DType.INT16 and x.shape[-1] % 2 == 0 and fours and points <= MOST_POINTS_DSP


@dataclass(frozen=True)
class SignalRfft(Transform):
    """The spectrum of real signals, which zeros fill up to `length` samples."""

    tflite = (signal("SignalRfft", fft_length="int"),)
    kernels = (
        *_kernels("signal_rfft"),
        Kernel(
            "signal_rfft_s16_dsp", "signal_rfft_s16_dsp.h", needs=frozenset({"dsp"}), fits=lambda node: _served(node)
        ),
    )
    inverse = False


@dataclass(frozen=True)
class SignalIrfft(Transform):
    """The real signals that have these spectra."""

    tflite = (signal("SignalIrfft", fft_length="int"),)
    kernels = _kernels("signal_irfft")
    inverse = True


@dataclass(frozen=True)
class SignalEnergy(Op):
    """int16 (2 n), n complex values -> uint32 (n): squares of the magnitudes of `start` .. `end` - 1; the others are 0.

    TFLM does not write the others. Source: TFLM's SignalEnergy.
    """

    tflite = (signal("SignalEnergy", end_index="int", start_index="int"),)
    types = (DType.INT16,)
    kernels = (Kernel("signal_energy", "signal_spectrum.h", in_place=lambda node: ((0, 0),)),)

    start: int
    end: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalEnergy:
        return cls(options["start_index"], options["end_index"])

    def check(self, node: Node) -> None:
        check_ends(node, [DType.INT16], [DType.UINT32])
        x, y = node.input(0), node.output
        check_shape(node, x, [2 * y.elements])
        check_shape(node, y, [y.elements])
        check_option(node, "end_index", self.end, 0, y.elements)
        check_option(node, "start_index", self.start, 0, self.end)

    def params(self, node: Node) -> Params:
        return {"count": node.output.elements, "start": self.start, "end": self.end}
