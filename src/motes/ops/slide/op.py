"""Slide: rows of a tensor over time, moved on by a step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motes.errors import BadInput
from motes.ir import Kernel, Node, Op, Params


@dataclass(frozen=True)
class Piece:
    """Rows `first` to `first + count` of an input become every `step`-th row of the output from row `at` on."""

    at: int
    first: int
    count: int
    step: int = 1


@dataclass(frozen=True)
class Slide(Op):
    """Rows that are kept from step to step: they move towards the front, and new ones take their places.

    Input 0 (1, rows, width, channels) is what was kept, the others (1, n, width, channels) bring new rows: one piece
    each. Row i of the output, `first` <= i < `last`, was row i + `move`; then the pieces are written. What no piece and
    no kept row covers is not read by anyone.

    No builtin operator: `passes/streaming` makes it.
    """

    first: int
    last: int
    move: int
    pieces: tuple[Piece, ...]

    kernels = (
        Kernel(
            "slide_rows",
            "slide_rows.h",
            form="shared",
            untyped=True,
            listed="inputs",
            in_place=lambda node: ((0, 0),),
        ),
    )

    def check(self, node: Node) -> None:
        y = node.output
        if len(node.inputs) != 1 + len(self.pieces) or any(
            len(x.shape) != 4 or (x.dtype, x.shape[0], x.shape[2:]) != (y.dtype, 1, y.shape[2:])
            for x in (y, *(node.input(i) for i in range(len(node.inputs))))
        ):
            raise BadInput(f"{node}: its inputs are not rows of {y}")
        kept = 0 <= self.first <= self.last <= y.shape[1] - self.move and self.move > 0
        new = all(
            p.count > 0
            and 0 <= p.first <= x.shape[1] - p.count
            and 0 <= p.at <= y.shape[1] - (p.count - 1) * p.step - 1
            for p, x in zip(self.pieces, node.pointers[1:], strict=True)
        )
        if node.input(0).shape != y.shape or not kept or not new:
            raise BadInput(f"{node}: rows of {y} lie outside of it")

    def params(self, node: Node) -> Params:
        _, _, width, channels = node.output.shape
        row = width * channels * node.output.dtype.size
        runs = [
            (p.count, 1) if p.step == 1 else (1, p.count) for p in self.pieces
        ]  # (rows that move as one, how often)

        def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
            return np.array(values, np.uint32)

        return {
            "to": self.first * row,
            "from": (self.first + self.move) * row,
            "bytes": (self.last - self.first) * row,
            "pieces": len(self.pieces),
            "at": column(*(p.at * row for p in self.pieces)),
            "step": column(*(p.step * row for p in self.pieces)),
            "first": column(*(p.first * row for p in self.pieces)),
            "size": column(*(rows * row for rows, _ in runs)),
            "count": column(*(times for _, times in runs)),
        }
