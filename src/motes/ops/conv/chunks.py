"""Parameters of `conv_chunks_s8_dsp.h`, and when it can serve a node.

What a channel needs beside its weights takes eight bytes, where the offset of its proven step function follows from the
multiplier, as nearly all do. Two channels of which one does not have a word more, and tell so by a bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Kernel, Node, Params
from motes.ops.conv import blocks, points
from motes.ops.conv.runs import look
from motes.ops.conv.step import fit_following
from motes.ops.conv.window import but_for_rows

HEADER = "conv_chunks_s8_dsp"

WORTH = 2000
"""Outputs for which the code pays by itself."""

FEW = 16
"""Fours of pixels of a chunk: with as many, unpacking weights takes some 4% of the time."""

REGISTERS = 32
"""Input channels whose weights find room in registers."""


OWN_OFFSETS = 1 << 31
"""Added to the first multiplier of two channels: a word with their offsets is behind both."""


@dataclass(frozen=True)
class Packed:
    """`offset` is the zero point and half an output, as they are before the shift."""

    shift: int
    offset: int
    stream: Array  # int32


@dataclass(frozen=True)
class Chunks:
    """The kernel with chunks of a size: the larger they are, the less often weights are unpacked."""

    function: str
    size: int
    """Bytes that a chunk expands to at most, unless eight pixels take more."""
    smaller: Chunks | None = None
    """What it is an alternative to; it serves nodes with so many channels that chunks are few fours there."""
    whole: int = 0
    """Bytes that all pixels may expand to where they are one chunk, if that is more."""

    @property
    def kernel(self) -> Kernel:
        return Kernel(
            self.function,
            f"{HEADER}.h",
            needs=frozenset({"dsp", "fpu"}),
            fits=self.fits,
            pays=self.pays,
            params=self.params,
            scratch=self.scratch,
            in_place=blocks.in_place,
            rows_at_once=blocks.rows_at_once,
            call_cycles=call_cycles,
            form="shared",
            constants=shift,
            like=HEADER,
        )

    def fits(self, node: Node) -> bool:
        return fits(node) and (self.smaller is None or self.smaller.size // _four(node) < FEW)

    def pays(self, node: Node) -> bool:
        """Whether it is worth its code, where nobody has measured: surely where all weights find registers."""
        return self.smaller is None and node.output.elements >= WORTH and node.input(0).shape[3] <= REGISTERS

    def params(self, node: Node) -> Params:
        """The fields of `conv_chunks_s8_dsp_params`."""
        fields, packed = points.params(node), pack(node)
        assert packed is not None, node
        kept = {name: fields[name] for name in ("pixels", "in_ch", "out_ch")}
        return {**kept, "offset": packed.offset, "stream": packed.stream, "chunk": self.chunk(node)}

    def chunk(self, node: Node) -> int:
        """Fours of pixels of a chunk, all chunks being about as large; two at least, since the last may take four
        pixels of the one before."""
        y = node.output
        fours = -(-y.elements // y.shape[3] // 4)
        chunks = 1 if fours * _four(node) <= self.whole else -(-fours // max(2, self.size // _four(node)))
        return max(2, -(-fours // chunks))

    def scratch(self, node: Node) -> int:
        """Bytes of a chunk, and of the weights of two output channels that find no register."""
        return self.chunk(node) * _four(node) + 4 * max(0, node.input(0).shape[3] - REGISTERS)


def fits(node: Node) -> bool:
    """Whether `conv_1x1_s8_dsp` serves it, every channel is proven, channels come in fours and twos, and there are four
    pixels."""
    inputs, outputs = node.input(0).shape[3], node.output.shape[3]
    if inputs % 4 or outputs % 2 or node.output.elements < 4 * outputs or not points.fits(node):
        return False
    return pack(node) is not None


@but_for_rows
def pack(node: Node) -> Packed | None:
    """The stream of a convolution of one pixel with an even number of output channels; None where one is not proven."""
    each = blocks.provable(node)
    found = None if each is None else blocks.proven(each)
    if each is None or found is None:
        return None
    shift, biases, steps = found
    offset = (each[0].rescale.zero_point << shift) + (1 << shift - 1)
    follow = [blocks.SAME if c.rescale.constant is not None else fit_following(c.rescale, shift) for c in each]
    plain = np.array([0 if m is None else m for m in follow], np.int64).reshape(-1, 2)
    own = (plain == 0).any(axis=1)
    multipliers, offsets = (steps - np.array([0, offset])).reshape(-1, 2, 2).transpose(2, 0, 1)
    if np.abs(offsets[own]).max(initial=0) >= 1 << 15:
        return None
    firsts, seconds = np.where(own[:, np.newaxis], multipliers, plain).T
    ends = np.stack([firsts + OWN_OFFSETS * own, seconds, offsets[:, 0] & 0xFFFF | offsets[:, 1] << 16], axis=1)
    words = blocks.stream(each, look(node).pairs, biases, ends).reshape(len(own), -1)
    kept = np.ones(words.shape, np.bool_)
    kept[:, -1] = own
    return Packed(shift, offset, words[kept])


def call_cycles(node: Node) -> float:
    """Weights are unpacked in each call."""
    quads = node.input(0).shape[3] // 4
    return (60 + 10 * min(quads, 8) + 16 * max(0, quads - 8)) * node.output.shape[3] / 2


def _four(node: Node) -> int:
    """Bytes that four pixels expand to, with where their outputs lie."""
    return 6 * node.input(0).shape[3] + 4


def shift(node: Node) -> tuple[int, ...]:
    """The argument of `conv_chunks_s8_dsp_COPY`."""
    packed = pack(node)
    assert packed is not None, node
    return (packed.shift,)


SHORT = Chunks("conv_chunks_s8_dsp", 2560)
LONG = Chunks("conv_long_chunks_s8_dsp", 6144, SHORT, whole=7168)
