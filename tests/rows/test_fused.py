"""Networks that run row by row give what they give layer by layer: every byte, on this machine and on the core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from motes.build import host
from motes.choose import choose
from motes.ir import Array, Graph
from motes.passes import prepare
from motes.program import Block, Program
from motes.proving import compile_program
from motes.rows.region import Kernels, block_of, regions
from motes.target import Board
from row_networks import Net

NETWORKS = 32
ON_CORE = 6


def in_one_block(program: Program, seed: int, features: frozenset[str] = frozenset()) -> Program | None:
    """The program with the longest run of calls from some place on as one block, of bands as high as the seed says."""
    calls = len(program.calls)
    height = (1, 2, 3, 4)[seed % 4]
    for length in range(calls, 0, -1):
        for first in range(calls - length + 1):
            found = regions(program, first, first + length - 1, height, Kernels(features))
            block = block_of(found[-1], "rows", features) if found else None
            if block is not None:
                rest = program.calls[first + length :]
                return replace(program, calls=(*program.calls[:first], block, *rest))
    return None


def networks(count: int, first: int = 0) -> list[Graph]:
    return [Net(seed, f"net{seed}").graph(2 + seed % 5) for seed in range(first, first + count)]


def values(graph: Graph, runs: int) -> list[Array]:
    rng = np.random.default_rng(len(graph.nodes))
    return [rng.integers(-128, 128, (runs, *t.shape)).astype(np.int8) for t in graph.inputs]


@pytest.mark.parametrize("sanitize", [False, True], ids=["", "sanitized"])
def test_networks_in_bands_are_those_in_layers(sanitize: bool) -> None:
    whole = [choose(prepare(graph)) for graph in networks(NETWORKS)]
    fused = [in_one_block(program, seed) for seed, program in enumerate(whole)]
    pairs = [(a, b) for a, b in zip(whole, fused, strict=True) if b is not None]
    assert len(pairs) > NETWORKS * 0.9
    assert sum(len(block.bodies[0].calls) > 3 for _, p in pairs for block in p.calls if isinstance(block, Block)) > 8
    expected, found = (host.load_programs(side, sanitize=sanitize) for side in zip(*pairs, strict=True))
    wrong = []
    for want, have in zip(expected, found, strict=True):
        given = values(want.graph, 3)
        if not all(map(np.array_equal, want.run_many(*given), have.run_many(*given))):
            wrong.append(want.graph.name)
    assert not wrong


@pytest.mark.cores(one_in=2)
def test_networks_in_bands_on_the_core(virt: Board) -> None:
    graphs = networks(ON_CORE, NETWORKS)
    for seed, (graph, reference) in enumerate(zip(graphs, host.load(graphs), strict=True)):
        fused = in_one_block(choose(prepare(graph), virt.core.features), seed, virt.core.features)
        if fused is None:
            continue
        given = values(graph, 2)
        expected = [tuple(y[i] for y in reference.run_many(*given)) for i in range(2)]
        proved = compile_program(fused, virt, "net")
        found = proved.replay([[tuple(x[i] for x in given)] for i in range(2)])
        for want, ((*have,),) in zip(expected, found, strict=True):
            assert all(map(np.array_equal, want, have)), graph.name
