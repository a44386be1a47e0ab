"""Windows that slide over rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rows:
    """From which rows of its inputs an operator makes a row of its output.

    Rows count along axis 1 of tensors of four axes, of which axis 0 is 1: they lie one behind the other in memory. Row
    i of the output is made from rows i * stride - before to i * stride - before + size - 1 of every input that is not
    constant. Those outside of the inputs are padding: `before` rows in front of the first, `behind` after the last.
    """

    size: int  # a dilated window counts from its first row to its last
    stride: int = 1
    before: int = 0
    behind: int = 0

    def made(self, given: int) -> int:
        """How many rows come out of inputs of so many."""
        return (given + self.before + self.behind - self.size) // self.stride + 1

    def needed(self, first: int, last: int) -> tuple[int, int]:
        """The first and the last input row that output rows `first` to `last` need, padding counted along."""
        return first * self.stride - self.before, last * self.stride - self.before + self.size - 1
