"""Parameters of `depthwise_tiles_s8_mve.h`, and when it can serve a node."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.ir import Array, Node, Params
from motes.ops.common import limits
from motes.ops.conv.filtered import Kind, kind_of
from motes.ops.conv.mve import VECTOR, folded_bias, rescaling
from motes.ops.conv.window import Window

SHAPES = ((2, 2), (1, 4), (4, 1), (1, 2), (2, 1))
"""Outputs of a tile (rows, columns), the best first."""
NONE = 255
"""What stands for no tap."""
WHOLE, PART = 6 * 1024, 3 * 1024
"""Bytes of scratch in which all tiles of an image may lie; of several rows of tiles."""


@dataclass(frozen=True)
class Tile:
    """The pixels that several outputs see: rows and columns behind the first, of each axis once."""

    outputs: tuple[int, int]
    rows: tuple[int, ...]
    columns: tuple[int, ...]


def tile_of(node: Node) -> Tile | None:
    """The best tile for the window; None: two windows see more than 16 pixels."""
    op = node.op
    assert isinstance(op, Window), node
    taps = node.input(1).shape[1:3]
    for outputs in SHAPES:
        if any(n > made for n, made in zip(outputs, node.output.shape[1:3], strict=True)) and outputs != (1, 2):
            continue
        rows, columns = (
            tuple(sorted({o * op.stride[i] + t * op.dilation[i] for o in range(outputs[i]) for t in range(taps[i])}))
            for i in range(2)
        )
        if len(rows) * len(columns) <= VECTOR and max(*rows, *columns) < NONE:
            return Tile(outputs, rows, columns)
    return None


def fits(node: Node) -> bool:
    """Whether depth is 1, channels come in fours, a vector holds the pixels of two windows, and outputs scale down."""
    x, y = node.input(0), node.output
    alone = x.shape[3] == y.shape[3] and x.shape[3] % 4 == 0
    return kind_of(node) is Kind.S8 and alone and rescaling(node) is not None and tile_of(node) is not None


def _each(node: Node) -> int:
    """Bytes of scratch of a tile: offsets of pixels and outputs, and four channels of it."""
    tile = tile_of(node)
    assert tile is not None, node
    return 4 * VECTOR + 4 * tile.outputs[0] * tile.outputs[1] + 4 * VECTOR


def at_once(node: Node) -> int:
    """How many tiles are in the making together: whole rows of tiles; an even number."""
    tile, (_, height, width, _) = tile_of(node), node.output.shape
    assert tile is not None, node
    down, across = -(-height // tile.outputs[0]), -(-width // tile.outputs[1])
    rows = down if down * across * _each(node) <= WHOLE else max(1, PART // (across * _each(node)))
    return -(-rows * across // 2) * 2


def in_place(node: Node) -> tuple[tuple[int, int], ...]:
    """Where all tiles of an image are gathered before its first output."""
    tile, (_, height, width, _) = tile_of(node), node.output.shape
    assert tile is not None, node
    all_tiles = -(-height // tile.outputs[0]) * -(-width // tile.outputs[1])
    return ((0, 0),) if node.input(0).shape == node.output.shape and at_once(node) >= all_tiles else ()


def scratch(node: Node) -> int:
    """Bytes of the tiles, of a pixel of padding, and of a pixel that is thrown away."""
    return at_once(node) * _each(node) + 4 * VECTOR + 2 * node.output.shape[3]


def call_cycles(node: Node) -> float:
    """The weights of each channel."""
    return 60.0 * node.output.shape[3]


def rows_at_once(node: Node) -> int:
    """Rows of outputs of a tile."""
    tile = tile_of(node)
    assert tile is not None, node
    return tile.outputs[0]


def params(node: Node) -> Params:
    """The fields of `depthwise_tiles_s8_mve_params`."""
    op, tile, rescale, x, y = node.op, tile_of(node), rescaling(node), node.input(0), node.output
    assert isinstance(op, Window) and tile is not None and rescale is not None, node
    low, high = limits(node, op.activation)
    channels = y.shape[3]
    return {
        "batches": x.shape[0],
        "in_h": x.shape[1],
        "in_w": x.shape[2],
        "in_ch": channels,
        "out_h": y.shape[1],
        "out_w": y.shape[2],
        "stride_h": op.stride[0],
        "stride_w": op.stride[1],
        "pad_top": op.pads[0],
        "pad_left": op.pads[2],
        "in_zero": x.zero_point,
        "out_zero": y.zero_point,
        "low": low,
        "high": high,
        "outputs": tile.outputs[0] * tile.outputs[1],
        "tile_h": tile.outputs[0],
        "tile_w": tile.outputs[1],
        "across": -(-y.shape[2] // tile.outputs[1]),
        "at_once": at_once(node),
        "taps": node.input(1).elements // channels,
        "pixels": _pairs(tile.rows, tile.columns, VECTOR),
        "made": _pairs(range(tile.outputs[0]), range(tile.outputs[1]), 4),
        "places": _places(node, tile),
        "weights": op.filter(node).reshape(-1, channels).T.reshape(-1),
        "bias": folded_bias(node),
        "multipliers": rescale[0],
        "shifts": rescale[1],
    }


def _pairs(rows: tuple[int, ...] | range, columns: tuple[int, ...] | range, count: int) -> Array:
    """uint8 (2 * count): the rows, then the columns, of all pairs, filled up with 0."""
    pairs = np.array([(row, column) for row in rows for column in columns], np.uint8).T
    return np.pad(pairs, ((0, 0), (0, count - pairs.shape[1]))).reshape(-1)


def _places(node: Node, tile: Tile) -> Array:
    """uint8 (outputs * 16): which tap of an output meets each pixel of the tile."""
    op, (_, height, width, _) = node.op, node.input(1).shape
    assert isinstance(op, Window), node
    places = np.full((*tile.outputs, VECTOR), NONE, np.uint8)
    for row, column in np.ndindex(tile.outputs):
        for i, j in np.ndindex(height, width):
            down = tile.rows.index(row * op.stride[0] + i * op.dilation[0])
            across = tile.columns.index(column * op.stride[1] + j * op.dilation[1])
            places[row, column, down * len(tile.columns) + across] = i * width + j
    return places.reshape(-1)
