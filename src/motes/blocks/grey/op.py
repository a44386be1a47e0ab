"""Crop and resize of grey frames: the operators, and the blocks that applications use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput
from motes.ir import Array, DType, Kernel, Node, Op, Params
from motes.stream import Stream, step

LONGEST_SIDE = 4096


def _whole_factors(node: Node) -> bool:
    (in_height, in_width), (height, width) = node.input(0).shape, node.output.shape
    return in_width % width == 0 and in_height % height == 0


def _halves(node: Node) -> bool:
    (in_height, in_width), (height, width) = node.input(0).shape, node.output.shape
    return (in_height, in_width) == (2 * height, 2 * width) and width % 2 == 0


@dataclass(frozen=True)
class CropOp(Op):
    """uint8 (in height, in width) -> uint8 (height, width): the rectangle whose upper left corner is (left, top)."""

    kernels = (Kernel("crop", "crop.h", in_place=lambda node: ((0, 0),)),)

    left: int
    top: int

    def check(self, node: Node) -> None:
        _check_frames(node)
        (in_height, in_width), (height, width) = node.input(0).shape, node.output.shape
        assert 0 <= self.left <= in_width - width and 0 <= self.top <= in_height - height, node

    def params(self, node: Node) -> Params:
        height, width = node.output.shape
        return {
            "in_width": node.input(0).shape[1],
            "left": self.left,
            "top": self.top,
            "width": width,
            "height": height,
        }


@dataclass(frozen=True)
class ResizeOp(Op):
    """uint8 (in height, in width) -> uint8 (height, width); `Resize` has the definition."""

    kernels = (
        Kernel(
            "resize_bilinear",
            "resize_bilinear.h",
            fits=lambda node: not _whole_factors(node),
            params=lambda node: _bilinear(node),
        ),
        Kernel("resize_box", "resize_box.h", fits=_whole_factors, in_place=lambda node: ((0, 0),)),
        Kernel(
            "resize_half",
            "resize_half.h",
            fits=_halves,
            params=lambda node: dict(zip(("height", "width"), node.output.shape, strict=True)),
            in_place=lambda node: ((0, 0),),
        ),
    )

    def check(self, node: Node) -> None:
        _check_frames(node)

    def params(self, node: Node) -> Params:
        (in_height, in_width), (height, width) = node.input(0).shape, node.output.shape
        return {"width": width, "height": height, "across": in_width // width, "down": in_height // height}


def _check_frames(node: Node) -> None:
    for frame in (node.input(0), node.output):
        assert frame.dtype is DType.UINT8 and len(frame.shape) == 2, node


def _bilinear(node: Node) -> Params:
    (in_height, in_width), (height, width) = node.input(0).shape, node.output.shape
    column_at, column_part = places(in_width, width)
    row_at, row_part = places(in_height, height)
    return {
        "in_width": in_width,
        "in_height": in_height,
        "width": width,
        "height": height,
        "column_at": column_at,
        "column_part": column_part,
        "row_at": row_at,
        "row_part": row_part,
    }


def places(have: int, want: int) -> tuple[Array, Array]:
    """For each of `want` pixels over `have`, uint16: the one before its centre, and 1/256 of the way to the next."""
    found = [divmod(max((2 * i + 1) * have - want, 0), 2 * want) for i in range(want)]
    return np.array([at for at, _ in found], np.uint16), np.array([r * 256 // (2 * want) for _, r in found], np.uint16)


@dataclass(frozen=True)
class Crop:
    """A rectangle of each frame.

        field = Crop(left=16, top=0, width=96, height=96)(camera)

    Args:
        left, top: its upper left corner, in pixels from the frame's.
        width, height: its size.

    Raises:
        BadInput: when applied: the rectangle is not inside the frame, or the stream has no grey frames.
    """

    left: int
    top: int
    width: int
    height: int

    def __call__(self, frames: Stream) -> Stream:
        """uint8 (height, width) of each uint8 frame."""
        in_height, in_width = _frame("Crop", frames)
        for what, value in (("left", self.left), ("top", self.top), ("width", self.width), ("height", self.height)):
            _whole("Crop", what, value, 1 if what in ("width", "height") else 0)
        if self.left + self.width > in_width or self.top + self.height > in_height:
            raise BadInput(
                f"Crop: {self.width}x{self.height} at ({self.left}, {self.top}) is not inside the frame of "
                f"{in_width}x{in_height} pixels; move it or make it smaller"
            )
        output = (self.height, self.width), DType.UINT8, frames.tensor.quant
        return step("crop", CropOp(self.left, self.top), [frames], output)


@dataclass(frozen=True)
class Resize:
    """Each frame at another size.

        small = Resize(48, 48)(camera)

    Where the frame's sides are whole multiples: the mean of each box of n pixels, (sum + n / 2) / n rounded down.
    Otherwise bilinear: pixel i of w over W lies at (i + 1/2) W / w - 1/2, cut off at the edges, taken to 1/256 of a
    pixel and rounded down; the four neighbours' weighted mean is rounded to nearest. To shrink by much, make the sides
    whole multiples (`Crop` first): bilinear looks at four pixels only.

    Args:
        width, height: the new size in pixels.

    Raises:
        BadInput: when applied: no such size, or the stream has no grey frames.
    """

    width: int
    height: int

    def __call__(self, frames: Stream) -> Stream:
        """uint8 (height, width) of each uint8 frame."""
        _frame("Resize", frames)
        _whole("Resize", "width", self.width, 1)
        _whole("Resize", "height", self.height, 1)
        return step("resize", ResizeOp(), [frames], ((self.height, self.width), DType.UINT8, frames.tensor.quant))


def _frame(block: str, frames: Stream) -> tuple[int, int]:
    tensor = frames.tensor
    if tensor.dtype is not DType.UINT8 or len(tensor.shape) != 2:
        raise BadInput(f"{block}: {tensor} is not a grey frame, uint8[height, width]; give it a Camera")
    height, width = tensor.shape
    return height, width


def _whole(block: str, what: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LONGEST_SIDE:
        raise BadInput(f"{block}: {what} is {value!r}; give whole pixels, {least} to {LONGEST_SIDE}")
