"""Where a model first leaves its oracle: every tensor that both compute, operator by operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from motes.ir import Array, Graph, Tensor
from motes.verifying.stimuli import Run

Runner = Callable[[Graph, tuple[Run, ...]], list[list[tuple[Array, ...]]]]
"""Outputs of a graph for every step of every run."""


@dataclass(frozen=True)
class Difference:
    """One element that is not as it should be: the first of its tensor, the tensor being the first that differs."""

    operator: str
    tensor: str
    index: tuple[int, ...]
    ours: float | int
    theirs: float | int

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return f"{self.operator}, {self.tensor}[{place}]: {self.ours} here, {self.theirs} there"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; what is no number becomes text."""
        values = {k: v if np.isfinite(v) else str(v) for k, v in (("ours", self.ours), ("theirs", self.theirs))}
        return {"operator": self.operator, "tensor": self.tensor, "index": list(self.index), **values}


def difference(operator: str, tensor: Tensor, ours: Array, theirs: Array, wrong: Array) -> Difference:
    """The first element that `wrong` marks."""
    at = int(np.flatnonzero(wrong)[0])
    place = tuple(int(i) for i in np.unravel_index(at, ours.shape))
    return Difference(operator, tensor.origin or tensor.name, place, ours.ravel()[at].item(), theirs.ravel()[at].item())


def exposed(graph: Graph) -> Graph:
    """The same graph with every tensor that a node computes among its outputs."""
    made = [t for node in graph.nodes for t in node.outputs if t.data is None]
    return dataclasses.replace(graph, outputs=tuple(dict.fromkeys((*made, *graph.outputs))))


def first_difference(
    graph: Graph, names: Sequence[str], run: Run, theirs: dict[int, Array], execute: Runner, wrong: Callable[..., Array]
) -> Difference | None:
    """The first tensor, in the file's order, that differs after the last step of `run`; None where none is found.

    Args:
        names: of the tensors in the file.
        theirs: every tensor of the oracle, by its index in the file.
        execute: runs a graph.
        wrong: which elements of (ours, theirs) differ.
    """
    index = {name: i for i, name in enumerate(names) if names.count(name) == 1}
    whole = exposed(graph)
    values = dict(zip(whole.outputs, execute(whole, (run,))[0][-1], strict=True))
    for node in sorted(graph.nodes, key=lambda n: n.sources):
        for tensor in node.outputs:
            want = theirs.get(index.get(tensor.origin, -1))
            if want is None or tensor not in values or want.shape != tensor.shape:
                continue
            ours = values[tensor]
            marks = wrong(ours, want.astype(ours.dtype, copy=False))
            if marks.any():
                return difference(str(node), tensor, ours, want, marks)
    return None
