"""What is left of the layers of a file: for reports."""

from __future__ import annotations

from dataclasses import dataclass

from motes.ir import Graph


@dataclass(frozen=True)
class Left:
    """A layer that lost channels of its output; 0 are left where all of it was always the same."""

    layer: str
    channels: int
    of: int


def layers_left(file: Graph, prepared: Graph) -> tuple[Left, ...]:
    """The layers with multiply-accumulates that lost channels between the graph of a file and the prepared one."""
    working = [node for node in prepared.nodes if node.op.macs(node)]
    there = {t.name: t for node in working for t in node.outputs}
    sources = {index for node in working for index in node.sources}
    found = []
    for node in file.nodes:
        if node.op.macs(node) and len(node.outputs) == 1:
            y, kept = node.output, there.get(node.output.name)
            if kept is not None and kept.shape[-1] < y.shape[-1]:
                found.append(Left(node.name, kept.shape[-1], y.shape[-1]))
            elif kept is None and sources.isdisjoint(node.sources):
                found.append(Left(node.name, 0, y.shape[-1]))
    return tuple(found)
