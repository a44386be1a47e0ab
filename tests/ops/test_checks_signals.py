"""What signal operators refuse; every message is pinned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from motes.errors import BadInput, MotesError, Unsupported
from motes.ir import DType, Node, Tensor
from motes.ops import builtins
from motes.ops.memory import remembering

INT16, INT32, UINT32, UINT64 = DType.INT16, DType.INT32, DType.UINT32, DType.UINT64


def t(name: str, *shape: int, dtype: DType = INT16) -> Tensor:
    return Tensor(name, shape, dtype)


def const(name: str, values: Any) -> Tensor:
    data = np.array(values, np.int16)
    return Tensor(name, data.shape, INT16, None, data)


def node(builtin: str, inputs: list[Tensor | None], outputs: list[Tensor], **options: Any) -> Node:
    op, declared = builtins()[builtin]
    values = {name: default for name, (_, default) in declared.fields.items()} | options
    return Node("n", op.from_tflite(builtin, values, inputs, outputs), tuple(inputs), tuple(outputs), (7,))


def window(x: Tensor | None = None, w: Tensor | None = None, y: Tensor | None = None, shift: int = 12) -> Node:
    return node("SignalWindow", [x or t("x", 1, 8), w or t("w", 8)], [y or t("y", 1, 8)], shift=shift)


def framer(
    y: Tensor | None = None, x: Tensor | None = None, size: int = 6, step: int = 4, prefill: bool = True
) -> Node:
    outputs = [y or t("y", 1, 2, 6), t("v", dtype=DType.BOOL)]
    return node("SignalFramer", [x or t("x", 1, 8)], outputs, frame_size=size, frame_step=step, prefill=prefill)


def overlap(y: Tensor | None = None, x: Tensor | None = None, step: int = 4) -> Node:
    return node("SignalOverlapAdd", [x or t("x", 1, 2, 6)], [y or t("y", 1, 8)], frame_step=step)


def delay(length: int = 3, y: Tensor | None = None, x: Tensor | None = None) -> Node:
    return node("SignalDelay", [x or t("x", 2, 4)], [y or t("y", 2, 4)], delay_length=length)


def stacker(y: Tensor | None = None, channels: int = 4, left: int = 1, right: int = 1, step: int = 2) -> Node:
    sides = {"stacker_left_context": left, "stacker_right_context": right}
    outputs = [y or t("y", 12), t("v", dtype=DType.BOOL)]
    return node("SignalStacker", [t("x", 4)], outputs, num_channels=channels, stacker_step=step, **sides)


def rfft(x: Tensor | None = None, y: Tensor | None = None, length: int = 16) -> Node:
    return node("SignalRfft", [x or t("x", 2, 12)], [y or t("y", 2, 18)], fft_length=length)


def irfft(x: Tensor | None = None, y: Tensor | None = None, length: int = 16) -> Node:
    return node("SignalIrfft", [x or t("x", 2, 18)], [y or t("y", 2, 16)], fft_length=length)


def energy(start: int = 1, end: int = 7, y: Tensor | None = None) -> Node:
    return node("SignalEnergy", [t("x", 16)], [y or t("y", 8, dtype=UINT32)], start_index=start, end_index=end)


def bank(channels: int = 2, y: Tensor | None = None, **changes: Tensor) -> Node:
    parts = {
        "x": t("x", 8, dtype=UINT32),
        "w": const("w", range(6)),
        "u": const("u", range(6)),
        "starts": const("starts", [1, 3, 5]),
        "at": const("at", [0, 2, 4]),
        "widths": const("widths", [2, 2, 2]),
    } | changes
    return node("SignalFilterBank", [*parts.values()], [y or t("y", 2, dtype=UINT64)], num_channels=channels)


def root(x: Tensor | None = None, bits: Tensor | None = None) -> Node:
    inputs = [x or t("x", 2, dtype=UINT64), bits or t("bits", dtype=INT32)]
    return node("SignalFilterBankSquareRoot", [*inputs], [t("y", 2, dtype=UINT32)])


def subtraction(noise: Tensor | None = None, bits: int = 14, more: int = 10, channels: int = 2) -> Node:
    outputs = [t("y", 2, dtype=UINT32), noise or t("noise", 2, dtype=UINT32)]
    options = {"num_channels": channels, "spectral_subtraction_bits": bits, "smoothing_bits": more}
    return node("SignalFilterBankSpectralSubtraction", [t("x", 2, dtype=UINT32)], outputs, **options)


def pcan(gains: Tensor | None = None, noise: Tensor | None = None, shift: int = 6) -> Node:
    inputs = [t("x", 2, dtype=UINT32), noise or t("noise", 2, dtype=UINT32), gains or const("gains", [0] * 125)]
    return node("SignalPCAN", [*inputs], [t("y", 2, dtype=UINT32)], snr_shift=shift)


def log(shift: int = 3, y: Tensor | None = None) -> Node:
    y = y or t("y", 2)
    return node("SignalFilterBankLog", [t("x", 2, dtype=UINT32)], [y], input_correction_bits=shift, output_scale=64)


def scale(y: Tensor | None = None, bits: Tensor | None = None) -> Node:
    return node("SignalFftAutoScale", [t("x", 8)], [y or t("y", 8), bits or t("bits", dtype=INT32)])


def check(bad: Node) -> None:
    """As the importer does: first what it keeps, then everything."""
    grown, _ = remembering(bad, bad.op.memory(bad))
    grown.op.check(grown)


@pytest.mark.parametrize(
    "good",
    [
        *(
            window(),
            framer(),
            framer(prefill=False),
            overlap(),
            delay(),
            delay(0),
            stacker(),
            rfft(),
            irfft(),
            energy(),
        ),
        *(energy(0, 0), bank(), root(), subtraction(), pcan(), log(), scale()),
    ],
    ids=str,
)
def test_the_nodes_that_tests_change_are_accepted(good: Node) -> None:
    check(good)


REFUSALS: list[tuple[Node, type[MotesError], str]] = [
    # ------------------------------------------------------------------------------------- frames
    (window(shift=32), BadInput, "its option shift is 32; it must be 0 to 31"),
    (window(shift=-1), BadInput, "its option shift is -1"),
    (window(w=t("w", 3)), BadInput, "x int16[1, 8] and y int16[1, 8] are no frames as long as w int16[3]"),
    (window(w=t("w", 2, 4)), BadInput, "w int16[2, 4] has not the shape [8]"),
    (window(y=t("y", 8)), BadInput, "are no frames as long as"),
    (window(x=t("x", 1, 8, dtype=INT32)), Unsupported, "x int32[1, 8] is not int16; build the model again with the"),
    (node("SignalWindow", [t("x", 8)], [t("y", 8)], shift=1), BadInput, "has 1 inputs and 1 outputs, not 2 and 1"),
    (framer(step=0), BadInput, "its option frame_step is 0; it must be 1 to 6"),
    (framer(step=7), BadInput, "its option frame_step is 7; it must be 1 to 6"),
    (framer(size=0), BadInput, "its option frame_size is 0; it must be 1 to 1,048,576"),
    (framer(size=1 << 21), BadInput, "its option frame_size is 2097152"),
    (framer(step=5), BadInput, "x int16[1, 8] is no whole number of steps of 5 samples"),
    (framer(y=t("y", 1, 2, 5)), BadInput, "y int16[1, 2, 5] has not the shape [1, 2, 6]"),
    (framer(x=t("x")), BadInput, "x int16[] has fewer than 1 dimensions"),
    (framer(size=40_000, step=1, prefill=False), Unsupported, "waits for 39,999 frames until the first is complete"),
    (
        framer(x=t("x", 1024, 4), size=1 << 20, prefill=True),
        Unsupported,
        "keeps 2,147,475,458 bytes from one execution to the next; 16,777,216 at most: use shorter frames",
    ),
    (overlap(step=0), BadInput, "its option frame_step is 0; it must be 1 to 6"),
    (overlap(step=7), BadInput, "its option frame_step is 7; it must be 1 to 6"),
    (overlap(y=t("y", 1, 7)), BadInput, "y int16[1, 7] has not the shape [1, 8]"),
    (overlap(x=t("x", 6)), BadInput, "x int16[6] has fewer than 2 dimensions"),
    (overlap(x=t("x", 1, 2, 6, dtype=INT32)), Unsupported, "x int32[1, 2, 6] is not int16 or float32"),
    (delay(-1), BadInput, "its option delay_length is -1; it must be 0 to 1,048,576"),
    (delay(y=t("y", 8)), BadInput, "y int16[8] has not the shape [2, 4]"),
    (stacker(step=4), BadInput, "its option stacker_step is 4; it must be 1 to 3"),
    (stacker(left=-1), BadInput, "its option stacker_left_context is -1"),
    (stacker(channels=5), BadInput, "x int16[4] has not the shape [5]"),
    (stacker(channels=0), BadInput, "its option num_channels is 0"),
    (stacker(y=t("y", 11)), BadInput, "y int16[11] has not the shape [12]"),
    # ------------------------------------------------------------------------------------- transforms
    (rfft(length=15), Unsupported, "a transform of 15 samples is not of 2^a 3^b 5^c; choose a length that is, as 512"),
    (rfft(length=28), Unsupported, "a transform of 28 samples is not of 2^a 3^b 5^c"),
    (rfft(length=2), BadInput, "its option fft_length is 2; it must be 4 to 65,536"),
    (rfft(length=1 << 17), BadInput, "its option fft_length is 131072"),
    (rfft(length=10), BadInput, "x int16[2, 12] has more samples than the 10 of the transform; raise fft_length"),
    (rfft(y=t("y", 2, 16)), BadInput, "y int16[2, 16] has not the shape [2, 18]"),
    (rfft(y=t("y", 2, 18, dtype=INT32)), Unsupported, "y int32[2, 18] is not int16"),
    (rfft(x=t("x", 2, 12, dtype=DType.INT8)), Unsupported, "x int8[2, 12] is not int16, int32 or float32"),
    (rfft(x=t("x")), BadInput, "x int16[] is not of signals of 16 samples"),
    (irfft(y=t("y", 2, 15)), BadInput, "y int16[2, 15] is not of signals of 16 samples"),
    (irfft(x=t("x", 1, 18)), BadInput, "x int16[1, 18] has not the shape [2, 18]"),
    (energy(end=9), BadInput, "its option end_index is 9; it must be 0 to 8"),
    (energy(start=8), BadInput, "its option start_index is 8; it must be 0 to 7"),
    (energy(y=t("y", 7, dtype=UINT32)), BadInput, "x int16[16] has not the shape [14]"),
    (scale(y=t("y", 7)), BadInput, "y int16[7] has not the shape [8]"),
    (scale(bits=t("bits", 1, dtype=INT32)), BadInput, "bits int32[1] has not the shape []"),
    # ------------------------------------------------------------------------------------- channels
    (bank(channels=3), BadInput, "y uint64[2] has not the shape [3]"),
    (bank(channels=0), BadInput, "its option num_channels is 0"),
    (bank(w=t("w", 6)), Unsupported, "w int16[6] is computed, but must be a constant"),
    (bank(u=const("u", range(5))), BadInput, "u int16[5] has not the shape [6]"),
    (bank(at=const("at", [0, 2])), BadInput, "at int16[2] has not the shape [3]"),
    (bank(starts=const("starts", [1, 3, 7])), BadInput, "slope 2 takes bins 7 to 8 of 8"),
    (bank(starts=const("starts", [-1, 3, 5])), BadInput, "slope 0 takes bins -1 to 0 of 8"),
    (bank(at=const("at", [0, 2, 5])), BadInput, "slope 2 takes weights 5 to 6 of 6"),
    (root(bits=t("bits", 1, dtype=INT32)), BadInput, "bits int32[1] has not the shape []"),
    (root(x=t("x", 3, dtype=UINT64)), BadInput, "x uint64[3] has not the shape [2]"),
    (root(x=t("x", 2, dtype=DType.INT64)), Unsupported, "x int64[2] is not uint64"),
    (subtraction(noise=t("noise", 3, dtype=UINT32)), BadInput, "noise uint32[3] has not the shape [2]"),
    (subtraction(bits=64), BadInput, "its option spectral_subtraction_bits is 64; it must be 0 to 63"),
    (subtraction(more=32), BadInput, "its option smoothing_bits is 32; it must be 0 to 31"),
    (subtraction(channels=-1), BadInput, "its option num_channels is -1"),
    (pcan(gains=const("gains", [0] * 124)), BadInput, "gains int16[124] has no 125 values"),
    (pcan(gains=t("gains", 125)), Unsupported, "gains int16[125] is computed, but must be a constant"),
    (pcan(noise=t("noise", 3, dtype=UINT32)), BadInput, "noise uint32[3] has not the shape [2]"),
    (pcan(shift=64), BadInput, "its option snr_shift is 64; it must be 0 to 63"),
    (log(shift=32), BadInput, "its option input_correction_bits is 32; it must be 0 to 31"),
    (log(y=t("y", 3)), BadInput, "x uint32[2] has not the shape [3]"),
]


@pytest.mark.parametrize(("bad", "kind", "words"), REFUSALS, ids=[words[:50] for _, _, words in REFUSALS])
def test_refusals(bad: Node, kind: type[MotesError], words: str) -> None:
    with pytest.raises(kind) as caught:
        check(bad)
    assert type(caught.value) is kind
    assert words in str(caught.value)
