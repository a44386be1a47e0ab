"""Winograd convolution: weights as `conv_winograd_loops_dsp.h` takes them, and when it can serve a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Kernel, Node, Params
from motes.ops.common import limits
from motes.ops.conv.channels import Channel, channels
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.step import fit_signed
from motes.ops.conv.window import Window, but_for_rows

MOST_RAM = 32_000
"""Bytes of input, output and scratch that are worth their time where nobody says how many there are."""


@dataclass(frozen=True)
class Tiling:
    """F(side x side, 3x3): three weights become `side + 2` values of a polynomial.

    Attributes:
        points: one row a value, some of them scaled; the last is infinity.
        order: of the values of columns.
        scales: what transformed weights may be multiplied by; sums come multiplied by as much, and by `factor`.
        tail: the words of a channel behind its bias, multiplier, offset and what is taken off negative sums.
        middle: what is added to every value.
        room: bytes that the transform of a tile works in.
        shift: of every output, a constant of the transforms.
        most_flash: bytes of weights that are worth their time where nobody says how many there are.
        mac_cycles: see `Kernel.mac_cycles`; of the convolution, not of the fewer products.
    """

    side: int
    points: tuple[tuple[int, int, int], ...]
    order: tuple[int, ...]
    scales: tuple[int, ...]
    factor: int
    tail: Callable[[Array, int], tuple[int, ...]]
    middle: int
    room: int
    shift: int
    most_flash: int
    mac_cycles: float

    @property
    def positions(self) -> int:
        """Products of a pair of channels."""
        return (self.side + 2) ** 2

    @property
    def name(self) -> str:
        """Of the kernel's function."""
        return f"conv_winograd_{self.side}x{self.side}_s8_dsp"

    def depth(self, node: Node) -> int:
        """Input channels, rounded up to what the unrolled loops take at a time: 16, or any number of 32."""
        channels = node.input(0).shape[3]
        return 16 if channels <= 16 else -(-channels // 32) * 32

    def tiles(self, node: Node) -> int:
        """Tiles of an image."""
        return -(-node.output.shape[1] // self.side) * -(-node.output.shape[2] // self.side)

    def flash(self, node: Node) -> int:
        """Bytes of weights."""
        return 2 * self.positions * self.depth(node) * node.output.shape[3]

    def weights(self, filters: Array) -> Array:
        """What the kernel keeps in flash, int32, of filters (out_ch, 3, 3, depth): pairs of int16, transformed.

        (out_ch / 4, positions, depth / 2, 4), in the order of winograd_products_s8_dsp.h.
        """
        (outputs, _, _, inputs), points = filters.shape, np.array(self.points)
        values = np.einsum("ia,oabc,jb->oijc", points[list(self.order)], filters, points)
        # Blocks of four outputs, positions, fours of inputs, which of the four, outputs.
        fours = values.reshape(outputs // 4, 4, self.positions, inputs // 4, 4).transpose(0, 2, 3, 4, 1)
        pairs = (fours[..., :2, :] & 0xFFFF) | (fours[..., 2:, :] & 0xFFFF) << 16
        return np.asarray(pairs.astype(np.uint32).view(np.int32))

    def serves(self, node: Node) -> bool:
        """Whether it is 3x3 at stride 1, channels in fours, and the arithmetic holds."""
        op, x, w, y = node.op, node.input(0), node.input(1), node.output
        assert isinstance(op, Window), node
        return (
            kind_of(node) is Kind.S8
            and w.shape[1:] == (3, 3, x.shape[3])
            and op.stride == op.dilation == (1, 1)
            and x.shape[3] % 4 == y.shape[3] % 4 == 0
            and limits(node, op.activation) == (-128, 127)
            and pack(self, node) is not None
        )

    def pays(self, node: Node) -> bool:
        """Whether it saves half of the products, for few bytes."""
        (_, height, width, _), inputs = node.output.shape, node.input(0).shape[3]
        return (
            2 * self.positions * self.tiles(node) * self.depth(node) <= 9 * height * width * inputs
            and self.flash(node) <= self.most_flash
            and self.memory(node) <= MOST_RAM
        )

    def memory(self, node: Node) -> int:
        """Bytes of input, output and scratch."""
        return node.input(0).nbytes + node.output.nbytes + self.scratch(node)

    def params(self, node: Node) -> Params:
        """The fields of the parameter struct."""
        op, transformed = node.op, pack(self, node)
        assert isinstance(op, Window) and transformed is not None, node
        geometry = op.geometry(node)
        kept = ("batches", "in_h", "in_w", "in_ch", "out_h", "out_w", "out_ch", "pad_top", "pad_left")
        return {
            **{name: geometry[name] for name in kept},
            "in_zero": node.input(0).zero_point,
            "depth": self.depth(node),
            "weights": transformed.weights.reshape(-1),
            "scales": transformed.scales.reshape(-1),
        }

    def scratch(self, node: Node) -> int:
        """Bytes of two transformed tiles, and of sums or a tile that was copied."""
        copied = self.positions * node.input(0).shape[3] + self.room
        return 4 * self.positions * self.depth(node) + max(32 * self.positions + 4 * self.side**2, copied)

    def call_cycles(self, node: Node) -> float:
        """About what a call takes beside its tiles."""
        return 0.0

    def constants(self, node: Node) -> tuple[int, ...]:
        """The argument of the kernel's `_COPY`."""
        return (min(self.depth(node), 64),)

    @property
    def kernel(self) -> Kernel:
        """The kernel of these tiles."""
        return Kernel(
            self.name,
            f"{self.name}.h",
            needs=frozenset({"dsp"}),
            fits=self.serves,
            pays=self.pays,
            params=self.params,
            scratch=self.scratch,
            rows_at_once=lambda node: self.side,
            mac_cycles=self.mac_cycles,
            call_cycles=self.call_cycles,
            form="shared",
            constants=self.constants,
        )


def no_tail(weights: Array, bias: int) -> tuple[int, ...]:
    """One bias serves all outputs of a tile."""
    return ()


def corners(weights: Array, bias: int) -> tuple[int, ...]:
    """Biases of the outputs (2, 2), (2, 3), (3, 2) and (3, 3), to which 12800 was added: see winograd_4x4_s8_dsp.h."""
    # Of each four channels, the first two are the lower halves of pairs; the last two rows and columns are raised.
    lower = 12_800 * weights.reshape(3, 3, -1, 4)[..., :2].sum(axis=(2, 3))
    return tuple(bias - int(lower[i:, j:].sum()) for i in (2, 1) for j in (2, 1))


TILES_2X2 = Tiling(
    side=2,
    points=((2, 0, 0), (1, 1, 1), (1, -1, 1), (0, 0, 2)),
    order=(0, 1, 2, 3),
    scales=(4, 8, 16),
    factor=128,
    tail=no_tail,
    middle=0,
    room=0,
    shift=17,
    most_flash=40_960,
    mac_cycles=0.7,
)
TILES_4X4 = Tiling(
    side=4,
    points=((6, 0, 0), (1, 1, 1), (1, -1, 1), (1, 2, 4), (1, -2, 4), (0, 0, 6)),
    order=(0, 5, 1, 2, 3, 4),
    scales=(1, 2, 4),
    factor=576,
    tail=corners,
    middle=128,
    room=288,
    shift=17,
    most_flash=20_480,
    mac_cycles=0.5,
)


@dataclass(frozen=True)
class Transformed:
    """What a kernel multiplies by, and how it rescales."""

    weights: Array  # int32, by `Tiling.weights`
    scales: Array  # int32, (channels, 4 and the tail)


@but_for_rows
def pack(tiling: Tiling, node: Node) -> Transformed | None:
    """Weights and scales, or None where a sum is too large or a channel has no proven step function."""
    assert isinstance(node.op, Window), node
    each = channels(node.op, node)
    if each is None:
        return None
    inputs, deep = node.input(0).shape[3], tiling.depth(node)
    filters = np.zeros((len(each), 3, 3, deep), np.int64)
    filters[..., :inputs] = np.stack([c.weights.reshape(3, 3, inputs) for c in each])
    for scale in tiling.scales:
        words = [_words(tiling, channel, scale * tiling.factor) for channel in each]
        if None not in words:
            scales = np.array(words, np.int64).astype(np.uint32).view(np.int32)
            return Transformed(tiling.weights(scale * filters), scales)
    return None


def _words(tiling: Tiling, channel: Channel, factor: int) -> tuple[int, ...] | None:
    """How a channel is rescaled whose sums come multiplied by `factor`."""
    rescale = channel.rescale
    if max(-rescale.low, rescale.high) * factor >= 1 << 31:
        return None
    step = fit_signed(rescale, factor, tiling.shift)
    if step is None:
        return None
    bias = channel.bias - tiling.middle * int(channel.weights.sum())
    return (factor * bias, *step, *(factor * b for b in tiling.tail(channel.weights, bias)))
