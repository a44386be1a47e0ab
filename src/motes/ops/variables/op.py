"""Copies between tensors, where what was one variable needs two places or two shapes."""

from __future__ import annotations

from dataclasses import dataclass

from motes.errors import BadInput
from motes.ir import Array, Flow, Kernel, Node, Op, Params, Rows
from motes.ops.common import row_by_row


@dataclass(frozen=True)
class Copy(Op):
    """The input's bytes as the output's, whatever their shapes and dtypes.

    No builtin operator: the importer makes it where one value is kept twice, is kept and is an output, or is read in
    another shape than it was assigned in. It is no view, so that no pass takes it away.
    """

    kernels = (Kernel("copy_bytes", "copy_bytes.h", form="shared", in_place=lambda node: ((0, 0),), untyped=True),)

    def check(self, node: Node) -> None:
        if node.input(0).nbytes != node.output.nbytes:
            raise BadInput(f"{node}: {node.input(0)} cannot become {node.output}; they take different numbers of bytes")

    def params(self, node: Node) -> Params:
        return {"bytes": node.output.nbytes}

    def flow(self, node: Node) -> Flow:
        return "moved"

    def rows(self, node: Node) -> Rows | None:
        return row_by_row(node)

    def fold(self, node: Node) -> tuple[Array, ...] | None:
        data = node.input(0).data
        return None if data is None else (data.view(node.output.dtype.numpy).reshape(node.output.shape),)
