"""Operators that run by turns, a band of rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from motes.ir import Control, Node, Place, Tensor


@dataclass(frozen=True)
class Bands(Control):
    """Runs its body once a band: each node of it makes the next few rows of its output, from rows of its inputs.

    No builtin operator: `motes.rows` makes it of nodes that follow each other, once kernels are chosen. The tensors
    between them are never whole. Their last rows are kept in buffers, the inputs and outputs of the body, as long as
    windows need them.
    """

    structure = "repeat"
    names_inside = False

    count: int
    located: Mapping[Tensor, Place]
    """Where the bands of tensors lie: in those around the body, or in buffers."""
    moved: Mapping[Tensor, int] = field(default_factory=dict)
    """See `Control.slides`: where all bands have as many new rows, those that are needed again come to lie alike."""
    overlaps: tuple[tuple[Tensor, Tensor, int], ...] = ()
    """See `Control.ahead`."""

    title: ClassVar[str] = "ROWS"

    def places(self, node: Node) -> Mapping[Tensor, Place]:
        return self.located

    def ahead(self, node: Node) -> tuple[tuple[Tensor, Tensor, int], ...]:
        return self.overlaps

    def slides(self, node: Node) -> Mapping[Tensor, int]:
        return self.moved

    def runs(self, body: int) -> int:
        return self.count
