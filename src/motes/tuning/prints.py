"""Fingerprints: equal for graphs that cost the same, and for the same Motes only."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

from motes.build import cache
from motes.ir import Control, Graph, Tensor
from motes.target import Board

HERE = Path(__file__).resolve().parents[1]


def fingerprint(graph: Graph, board: Board) -> str:
    """Of everything that costs of kernels depend on."""
    features = sorted(board.core.features)  # which a set has in another order in each process
    plain = replace(board, core=replace(board.core, features=frozenset()))
    return cache.digest(_sources(), repr(plain), repr(features), *_parts(graph))


def _parts(graph: Graph) -> list[str]:
    """Every node with its tensors, those of bodies included."""
    number: dict[Tensor, int] = {}
    found = []

    def of(tensor: Tensor | None) -> str:
        if tensor is None:
            return "-"
        known = "" if tensor.data is None else cache.digest(tensor.data.tobytes())
        return f"{number.setdefault(tensor, len(number))} {tensor.dtype} {tensor.shape} {tensor.quant} {known}"

    for part in graph.within:
        found.append(" ".join(map(of, (*part.inputs, *part.outputs))))
        for node in part.nodes:
            kind = type(node.op).__name__ if isinstance(node.op, Control) else repr(node.op)
            found.append(f"{node.name} {kind} {[of(t) for t in (*node.inputs, *node.outputs)]}")
        found += [f"{of(s.read)} {of(s.write)}" for s in part.states]
    return found


@functools.cache
def _sources() -> str:
    """Of all that makes and runs images."""
    files = sorted(p for p in HERE.rglob("*") if p.suffix in (".py", ".h", ".c", ".ld", ".toml", ".j2"))
    return cache.digest(*(p.read_bytes() for p in files))
