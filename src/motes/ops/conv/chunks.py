"""Parameters of `conv_chunks_s8_dsp.h`, and when it can serve a node."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import Kernel, Node, Params
from motes.ops.conv import blocks, points

HEADER = "conv_chunks_s8_dsp"

WORTH = 2000
"""Outputs for which the code pays by itself."""

FEW = 16
"""Fours of pixels of a chunk: with as many, unpacking weights takes some 4% of the time."""

REGISTERS = 32
"""Input channels whose weights find room in registers."""


@dataclass(frozen=True)
class Chunks:
    """The kernel with chunks of a size: the larger they are, the less often weights are unpacked."""

    function: str
    size: int
    """Bytes that a chunk expands to at most, unless eight pixels take more."""
    smaller: Chunks | None = None
    """What it is an alternative to; it serves nodes with so many channels that chunks are few fours there."""

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
        fields = points.params(node)
        names = ("pixels", "offset", "stream", "in_ch", "out_ch")
        return {**{name: fields[name] for name in names}, "chunk": self.chunk(node)}

    def chunk(self, node: Node) -> int:
        """Fours of pixels of a chunk, all chunks being about as large; two at least, since the last may take four
        pixels of the one before."""
        y = node.output
        fours = -(-y.elements // y.shape[3] // 4)
        chunks = -(-fours // max(2, self.size // _four(node)))
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
    packed = blocks.pack(node)
    return packed is not None and packed.shift > 0


def call_cycles(node: Node) -> float:
    """Weights are unpacked in each call."""
    quads = node.input(0).shape[3] // 4
    return (60 + 10 * min(quads, 8) + 16 * max(0, quads - 8)) * node.output.shape[3] / 2


def _four(node: Node) -> int:
    """Bytes that four pixels expand to, with where their outputs lie."""
    return 6 * node.input(0).shape[3] + 4


def shift(node: Node) -> tuple[int, ...]:
    """The argument of `conv_chunks_s8_dsp_COPY`."""
    packed = blocks.pack(node)
    assert packed is not None, node
    return (packed.shift,)


SHORT = Chunks("conv_chunks_s8_dsp", 2560)
LONG = Chunks("conv_long_chunks_s8_dsp", 6144, SHORT)
