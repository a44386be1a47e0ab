"""SignalFilterBank, SignalFilterBankSquareRoot, ...SpectralSubtraction and ...Log, and SignalPCAN."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, DType, Kernel, Node, Op, Params, Tensor
from motes.ops.common import check_constant
from motes.ops.signal_filter_bank import tables
from motes.ops.signals import BUILD_AGAIN, LONGEST, check_ends, check_option, check_shape, signal, zeros

INT16, UINT32, UINT64 = DType.INT16, DType.UINT32, DType.UINT64


def _check_channels(node: Node, count: int, *tensors: Tensor) -> None:
    for tensor in tensors:
        check_shape(node, tensor, [count])


def _slopes(node: Node) -> tuple[Array, Array, Array]:
    weights, unweights, starts, at, widths = (np.asarray(node.input(i).data) for i in range(1, 6))
    return tables.slopes(weights, unweights, starts, at, widths)


def _unsigned_params(node: Node) -> Params:
    params = node.op.params(node)
    return {**params, "weights": np.asarray(params["weights"]).astype(np.uint16)}


@dataclass(frozen=True)
class SignalFilterBank(Op):
    """uint32 (bins) energies -> uint64 (channels): sums of bins times weights.

    Bins between the peaks of two channels count in both. Inputs 1 to 5, int16 constants: weights in the channel below
    and in the channel above, and for each of channels + 1 slopes its first bin, its place among the weights, its bins.
    Source: TFLM's SignalFilterBank.
    """

    tflite = (signal("SignalFilterBank", num_channels="int"),)
    types = (UINT32,)
    limits = "constant weights"
    folded = (1, 2, 3, 4, 5)
    kernels = (
        Kernel("signal_filter_bank_signed", "signal_channels.h"),
        Kernel(
            "signal_filter_bank",
            "signal_channels.h",
            fits=lambda node: bool((_slopes(node)[2] >= 0).all()),
            params=_unsigned_params,
        ),
    )

    channels: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFilterBank:
        return cls(options["num_channels"])

    def check(self, node: Node) -> None:
        check_ends(node, [UINT32, *(INT16,) * 5], [UINT64])
        check_option(node, "num_channels", self.channels, 1, LONGEST)
        x, weights, unweights, *slopes = (node.input(i) for i in range(6))
        for tensor in (weights, unweights, *slopes):
            check_constant(node, tensor)
        _check_channels(node, self.channels, node.output)
        _check_channels(node, x.elements, x)
        _check_channels(node, weights.elements, weights, unweights)
        _check_channels(node, self.channels + 1, *slopes)
        starts, at, widths = (np.asarray(t.data, np.int64) for t in slopes)
        for name, first, size in (("bins", starts, x.elements), ("weights", at, weights.elements)):
            outside = (widths > 0) & ((first < 0) | (first + widths > size))
            if outside.any():
                i = int(np.flatnonzero(outside)[0])
                raise BadInput(
                    f"{node}: slope {i} takes {name} {first[i]} to {first[i] + widths[i] - 1} of {size}; {BUILD_AGAIN}"
                )

    def params(self, node: Node) -> Params:
        starts, widths, weights = _slopes(node)
        if not len(weights):
            weights = np.zeros((1, 2), np.int16)
        return {"channels": self.channels, "starts": starts, "widths": widths, "weights": weights}

    def macs(self, node: Node) -> int:
        return int(2 * _slopes(node)[1].sum(dtype=np.int64))


@dataclass(frozen=True)
class SignalFilterBankSquareRoot(Op):
    """uint64 (channels), and how many bits to shift right, int32 scalar -> uint32 (channels): roots, to the nearest.

    Source: TFLM's SignalFilterBankSquareRoot.
    """

    tflite = (signal("SignalFilterBankSquareRoot"),)
    types = (UINT64,)
    kernels = (Kernel("signal_square_root", "signal_channels.h"),)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFilterBankSquareRoot:
        return cls()

    def check(self, node: Node) -> None:
        check_ends(node, [UINT64, DType.INT32], [UINT32])
        _check_channels(node, node.output.elements, node.input(0), node.output)
        check_shape(node, node.input(1), [])

    def params(self, node: Node) -> Params:
        return {"channels": node.output.elements}


@dataclass(frozen=True)
class SignalFilterBankSpectralSubtraction(Op):
    """uint32 (channels) -> what noise leaves of each, and the noise: an average over time, with `noise_bits` more bits.

    Shares are in units of 2^-share_bits; channels 1, 3, ... follow the noise at their own pace. The noise is kept for
    the next execution. Source: TFLM's SignalFilterBankSpectralSubtraction.
    """

    tflite = (
        signal(
            "SignalFilterBankSpectralSubtraction",
            alternate_one_minus_smoothing="int",
            alternate_smoothing="int",
            clamping="bool",
            min_signal_remaining="int",
            num_channels="int",
            one_minus_smoothing="int",
            smoothing="int",
            smoothing_bits="int",
            spectral_subtraction_bits="int",
        ),
    )
    types = (UINT32,)
    kernels = (Kernel("signal_subtraction", "signal_channels.h", in_place=lambda node: ((2, 1), (0, 0))),)

    channels: int
    smoothing: tuple[int, int]
    """Of even channels, of odd ones: what a new value counts."""
    one_minus_smoothing: tuple[int, int]
    least: int
    noise_bits: int
    share_bits: int
    clamping: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFilterBankSpectralSubtraction:
        return cls(
            options["num_channels"],
            (options["smoothing"], options["alternate_smoothing"]),
            (options["one_minus_smoothing"], options["alternate_one_minus_smoothing"]),
            options["min_signal_remaining"],
            options["smoothing_bits"],
            options["spectral_subtraction_bits"],
            options["clamping"],
        )

    def memory(self, node: Node) -> tuple[Array, ...]:
        check_option(node, "num_channels", self.channels, 1, LONGEST)
        return (zeros(node, self.channels, UINT32),)

    def check(self, node: Node) -> None:
        check_ends(node, [UINT32] * 2, [UINT32] * 3)
        check_option(node, "smoothing_bits", self.noise_bits, 0, 31)
        check_option(node, "spectral_subtraction_bits", self.share_bits, 0, 63)
        _check_channels(node, self.channels, node.input(0), *node.outputs)

    def params(self, node: Node) -> Params:
        word = (1 << 32) - 1
        return {
            "channels": self.channels,
            "smoothing_even": self.smoothing[0] & word,
            "one_minus_smoothing_even": self.one_minus_smoothing[0] & word,
            "smoothing_odd": self.smoothing[1] & word,
            "one_minus_smoothing_odd": self.one_minus_smoothing[1] & word,
            "least": self.least & word,
            "noise_bits": self.noise_bits,
            "share_bits": self.share_bits,
            "clamping": int(self.clamping),
        }


@dataclass(frozen=True)
class SignalPcan(Op):
    """uint32 (channels) and their noise -> uint32 (channels) with a gain that falls as the noise rises.

    Input 2, an int16 constant, is the gain over the noise: two values, and a parabola for each octave.
    Source: TFLM's SignalPCAN; Wang et al., "Trainable frontend for robust and far-field keyword spotting", 2017.
    """

    tflite = (signal("SignalPCAN", snr_shift="int"),)
    types = (UINT32,)
    limits = "constant gains"
    folded = (2,)
    kernels = (Kernel("signal_pcan", "signal_channels.h", in_place=lambda node: ((0, 0), (0, 1))),)

    shift: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalPcan:
        return cls(options["snr_shift"])

    def check(self, node: Node) -> None:
        check_ends(node, [UINT32, UINT32, INT16], [UINT32])
        check_option(node, "snr_shift", self.shift, 0, 63)
        x, noise, curve, y = node.input(0), node.input(1), node.input(2), node.output
        check_constant(node, curve)
        _check_channels(node, y.elements, x, noise, y)
        _check_channels(node, curve.elements, curve)
        if curve.elements < tables.CURVE:
            raise BadInput(f"{node}: {curve} has no {tables.CURVE} values; {BUILD_AGAIN}")

    def params(self, node: Node) -> Params:
        curve = tables.compact_curve(np.asarray(node.input(2).data))
        return {"channels": node.output.elements, "shift": self.shift, "curve": curve}


@dataclass(frozen=True)
class SignalFilterBankLog(Op):
    """uint32 (channels) -> int16 (channels): `scale` times the natural logarithm of x * 2^shift, at most 32767.

    Source: TFLM's SignalFilterBankLog.
    """

    tflite = (signal("SignalFilterBankLog", input_correction_bits="int", output_scale="int"),)
    types = (UINT32,)
    kernels = (Kernel("signal_log", "signal_channels.h", in_place=lambda node: ((0, 0),)),)

    scale: int
    shift: int

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SignalFilterBankLog:
        return cls(options["output_scale"], options["input_correction_bits"])

    def check(self, node: Node) -> None:
        check_ends(node, [UINT32], [INT16])
        check_option(node, "input_correction_bits", self.shift, 0, 31)
        _check_channels(node, node.output.elements, node.input(0), node.output)

    def params(self, node: Node) -> Params:
        return {
            "channels": node.output.elements,
            "scale": self.scale & ((1 << 32) - 1),
            "shift": self.shift,
            "log_table": tables.log_table(),
        }
