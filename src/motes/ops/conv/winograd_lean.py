"""Winograd convolution with int8 weights: as `conv_winograd_lean_s8_dsp.h` takes them, and when it can serve a node."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from motes.ir import Array, Kernel, Node, Params
from motes.ops.conv.winograd import MOST_RAM, Tiling, corners

SCRATCH = 16_000
"""Bytes wanted at most; a pair of tiles may take more."""

TRANSFORM = 91
"""Cycles for the weights of a pair of channels."""

WEIGHTS = 3_072
"""Bytes of transformed weights."""


@dataclass(frozen=True)
class Lean(Tiling):
    """F(4x4, 3x3) with weights that are transformed as they are needed."""

    @property
    def name(self) -> str:
        """Of the kernel's function."""
        return "conv_winograd_lean_s8_dsp"

    @property
    def kernel(self) -> Kernel:
        """One copy serves any depth."""
        return replace(super().kernel, constants=None)

    def depth(self, node: Node) -> int:
        """Input channels in 32s."""
        return -(-node.input(0).shape[3] // 32) * 32

    def flash(self, node: Node) -> int:
        """Bytes of weights."""
        return 9 * self.depth(node) * node.output.shape[3]

    def weights(self, filters: Array) -> Array:
        """Words of four input channels, (out_ch / 4, depth / 32, 4, 8, 3, 3)."""
        outputs, _, _, inputs = filters.shape
        chunks = filters.reshape(outputs // 4, 4, 3, 3, inputs // 32, 8, 4).transpose(0, 4, 1, 5, 2, 3, 6)
        return np.ascontiguousarray(chunks.astype(np.int8)).view(np.int32)

    def pairs(self, node: Node) -> int:
        """Pairs of tiles for which weights are transformed once."""
        room = (SCRATCH - WEIGHTS) // (144 * self.depth(node) + 1152)
        return max(1, min(room, (self.tiles(node) + 1) // 2))

    def pays(self, node: Node) -> bool:
        """Whether it takes four fifths of the cycles at most, in little memory.

        For a pair of channels these are 40 a tile, and `TRANSFORM` each time that the weights are transformed, instead
        of 9.5 an output.
        """
        (_, height, width, _), tiles = node.output.shape, self.tiles(node)
        cycles = 40 * tiles + TRANSFORM * -(-tiles // (2 * self.pairs(node)))
        direct = 9.5 * height * width * node.input(0).shape[3] / self.depth(node)
        return cycles <= 0.8 * direct and self.memory(node) <= MOST_RAM

    def call_cycles(self, node: Node) -> float:
        """The weights are transformed in each call, once or more."""
        channels = self.depth(node) * node.output.shape[3]
        return float(TRANSFORM * channels * -(-self.tiles(node) // (2 * self.pairs(node))))

    def params(self, node: Node) -> Params:
        """The fields of `conv_winograd_lean_s8_dsp_params`."""
        return {**super().params(node), "pairs": self.pairs(node)}

    def scratch(self, node: Node) -> int:
        """Bytes of transformed tiles, and of weights and sums or a tile that was copied."""
        pairs = self.pairs(node)
        return 144 * self.depth(node) * pairs + max(WEIGHTS + 1152 * pairs, 36 * node.input(0).shape[3] + self.room)


LEAN = Lean(
    side=4,
    points=((1, 0, 0), (1, 1, 1), (1, -1, 1), (1, 2, 4), (1, -2, 4), (0, 0, 1)),
    order=(0, 5, 1, 2, 3, 4),
    scales=(1,),
    factor=576,
    tail=corners,
    middle=128,
    room=288,
    shift=16,
    most_flash=0,
    mac_cycles=0.3,
)
