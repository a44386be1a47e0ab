"""SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND, SPACE_TO_DEPTH and DEPTH_TO_SPACE."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, Builtin, DType, Flow, Kernel, Node, Op, Params, Tensor
from motes.operands import MOST_VALUES, shares
from motes.ops.common import CONVERT_AGAIN, check_arity, check_quant
from motes.ops.movement import (
    EVERY,
    Axis,
    Copy,
    StridedCopy,
    check_moved,
    constant_indices,
    dense,
    values,
)

_SHARED: Mapping[str, Any] = {"form": "shared", "untyped": True}


@dataclass(frozen=True)
class SpaceBatch(Op):
    """What both directions share: image and maps of (batch, height, channels) or (batch, height, width, channels)."""

    types = EVERY
    folded = (1, 2)

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SpaceBatch:
        return cls()

    def ends(self, node: Node) -> tuple[Tensor, Tensor]:
        """The image and the maps."""
        raise NotImplementedError(self)

    def possible(self, node: Node) -> Iterable[Mapping[int, Array]]:
        image, maps = self.ends(node)
        if len(image.shape) != len(maps.shape) or len(image.shape) not in (3, 4):
            return
        count = maps.shape[0] // image.shape[0]
        heights = [n for n in range(1, min(count, MOST_VALUES) + 1) if count % n == 0]
        for block in [(count,)] if len(image.shape) == 3 else [(n, count // n) for n in heights]:
            spare = [b * m - s for b, m, s in zip(block, maps.shape[1:-1], image.shape[1:-1], strict=True)]
            if min(spare) >= 0:
                for front in shares(spare):
                    yield {1: np.array(block), 2: np.array([(a, n - a) for a, n in zip(front, spare, strict=True)])}

    def check(self, node: Node) -> None:
        image, maps = self.ends(node)
        check_arity(node, 3, 3)
        check_moved(node, node.input(0), node.output)
        axes = len(image.shape) - 2
        block = constant_indices(node, 1).tolist()
        border = constant_indices(node, 2, 2)
        if axes not in (1, 2) or len(block) != axes or border.shape != (axes, 2):
            raise BadInput(f"{node}: {image} is no image with {len(block)} blocks and its borders; {CONVERT_AGAIN}")
        if min(block) < 1 or border.min() < 0:
            raise BadInput(f"{node}: has blocks {block} and borders {border.tolist()}; {CONVERT_AGAIN}")
        sides = [size + int(pair.sum()) for size, pair in zip(image.shape[1:-1], border, strict=True)]
        grid = [s // b for s, b in zip(sides, block, strict=True)]
        shape = (image.shape[0] * math.prod(block), *grid, image.shape[-1])
        if any(s % b for s, b in zip(sides, block, strict=True)) or maps.shape != shape:
            raise BadInput(f"{node}: blocks {block} of {image} with its borders do not give {maps}; {CONVERT_AGAIN}")

    def grid(self, node: Node) -> dict[str, int]:
        """The fields of the kernels."""
        image, maps = self.ends(node)
        block, border = values(node, 1), values(node, 2)
        flat = len(block) == 1
        return {
            "images": image.shape[0],
            "image_h": image.shape[1],
            "image_w": 1 if flat else image.shape[2],
            "map_h": maps.shape[1],
            "map_w": 1 if flat else maps.shape[2],
            "block_h": block[0],
            "block_w": 1 if flat else block[1],
            "top": border[0],
            "left": 0 if flat else border[2],
            "bytes": image.shape[-1] * image.dtype.size,
        }

    def flow(self, node: Node) -> Flow:
        return "moved"

    def copies(self, node: Node) -> int | None:
        return 0 if set(values(node, 1)) == {1} and not any(values(node, 2)) else None


@dataclass(frozen=True)
class SpaceToBatch(SpaceBatch):
    """Each image, padded, becomes one small map for every place in a block.

    Dtypes: all. The border is 0, or the zero point where it is uint8. TFLM never sets the border's value for int8: in
    memory that begins as zeros, as a microcontroller's does, it is 0 whatever the zero point, and so it is here.
    Source: TFLM's SPACE_TO_BATCH_ND.
    """

    tflite = (Builtin("SPACE_TO_BATCH_ND"),)
    kernels = (Kernel("space_to_batch", "space_batch.h", **_SHARED),)

    def ends(self, node: Node) -> tuple[Tensor, Tensor]:
        return node.input(0), node.output

    def check(self, node: Node) -> None:
        super().check(node)
        if node.output.dtype is DType.UINT8:
            check_quant(node, node.output)

    def _border(self, node: Node) -> int:
        return node.output.zero_point if node.output.dtype is DType.UINT8 else 0

    def params(self, node: Node) -> Params:
        return {**self.grid(node), "border": self._border(node)}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None:
            return None
        block, y = values(node, 1), node.output
        sides = [(0, 0), *np.array(values(node, 2)).reshape(-1, 2).tolist(), (0, 0)]
        padded = np.pad(x, sides, constant_values=self._border(node))
        split = [x.shape[0], *(n for size, b in zip(y.shape[1:-1], block, strict=True) for n in (size, b)), x.shape[-1]]
        order = [2, 4, 0, 1, 3, 5] if len(block) == 2 else [2, 0, 1, 3]
        return (padded.reshape(split).transpose(order).reshape(y.shape),)


@dataclass(frozen=True)
class BatchToSpace(SpaceBatch):
    """The inverse of SPACE_TO_BATCH_ND; the border is cropped.

    Dtypes: all. Source: TFLM's BATCH_TO_SPACE_ND.
    """

    tflite = (Builtin("BATCH_TO_SPACE_ND"),)
    kernels = (Kernel("batch_to_space", "space_batch.h", **_SHARED),)

    def ends(self, node: Node) -> tuple[Tensor, Tensor]:
        return node.output, node.input(0)

    def params(self, node: Node) -> Params:
        return {**self.grid(node), "border": 0}

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        x = node.input(0).data
        if x is None:
            return None
        block, y = values(node, 1), node.output
        order = [2, 3, 0, 4, 1, 5] if len(block) == 2 else [1, 2, 0, 3]
        whole = x.reshape(*block, y.shape[0], *x.shape[1:]).transpose(order)
        sides = [b * size for b, size in zip(block, x.shape[1:-1], strict=True)]
        front = values(node, 2)[::2]
        cut = [slice(a, a + size) for a, size in zip(front, y.shape[1:-1], strict=True)]
        return (whole.reshape(y.shape[0], *sides, y.shape[-1])[(slice(None), *cut)],)


@dataclass(frozen=True)
class SpaceDepth(StridedCopy):
    """SPACE_TO_DEPTH: the pixels of each block of block * block become the channels of one; DEPTH_TO_SPACE: back.

    Tensors are (batch, height, width, channels). Dtypes: int8, uint8, int32, int64, float32.
    Source: TFLM's operators of these names.
    """

    tflite = (
        Builtin("SPACE_TO_DEPTH", {"block_size": ("int", 0)}),
        Builtin("DEPTH_TO_SPACE", {"block_size": ("int", 0)}),
    )
    types = (DType.INT8, DType.UINT8, DType.INT32, DType.INT64, DType.FLOAT32)

    block: int
    to_depth: bool

    @classmethod
    def from_tflite(
        cls, name: str, options: Mapping[str, Any], inputs: Sequence[Tensor | None], outputs: Sequence[Tensor]
    ) -> SpaceDepth:
        return cls(options["block_size"], name == "SPACE_TO_DEPTH")

    @property
    def title(self) -> str:
        return "SPACE_TO_DEPTH" if self.to_depth else "DEPTH_TO_SPACE"

    def check(self, node: Node) -> None:
        check_arity(node, 1, 1)
        x, y = node.input(0), node.output
        check_moved(node, x, y)
        wide, deep = (x, y) if self.to_depth else (y, x)
        b = self.block
        if b < 1 or len(x.shape) != 4 or len(y.shape) != 4:
            raise BadInput(f"{node}: blocks of {b} between {x} and {y} are not (batch, height, width, channels)")
        batch, height, width, channels = wide.shape
        if deep.shape != (batch, height // b, width // b, channels * b * b) or height % b or width % b:
            raise BadInput(f"{node}: blocks of {b}x{b} in {wide} do not give {deep}; {CONVERT_AGAIN}")

    def copy(self, node: Node) -> Copy:
        x, y = node.input(0), node.output
        wide, deep = (x, y) if self.to_depth else (y, x)
        b, channels = self.block, wide.shape[3]
        batch, rows, columns, _ = dense(wide.shape)
        # batch, row of blocks, column of blocks, row in the block, column in the block, channel
        sizes = (*deep.shape[:3], b, b, channels)
        apart = (batch, b * rows, b * columns, rows, columns, 1)
        together = (*dense(deep.shape)[:3], b * channels, channels, 1)
        steps = (apart, together) if self.to_depth else (together, apart)
        return Copy(tuple(Axis(*a) for a in zip(sizes, *steps, strict=True)))
