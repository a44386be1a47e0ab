"""Every kernel made for a core runs on such a core: many cases in one image, on a virtual board, byte for byte.

What they must give is what the portable kernels give on this machine, which other tests hold to TensorFlow Lite Micro.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from cores import CORES, MAIN
from motes.build import host
from motes.choose import choose
from motes.ir import Graph, Kernel, Node, State, Tensor
from motes.ops import builtins
from motes.ops.case import Case
from motes.passes.choose_operands import choose_operands
from motes.program import Call
from motes.proving import compile_graph
from motes.target import Board

CASES, ELSEWHERE = 40, 16
"""How many cases of each kernel, spread over all that it serves: on virt-m4, and on each other board."""
OWN = {"virt-m55": "mve"}
"""Boards that only try kernels that need this: the others are tried elsewhere."""


def tried(kernel: Kernel, where: str) -> bool:
    """Whether a kernel is made for the core of a board, and to be tried there."""
    own = OWN.get(where)
    return bool(kernel.needs) and kernel.needs <= CORES[where].features and (own is None or own in kernel.needs)


FAST = sorted(
    {
        (name, op.__module__.split(".")[-2])
        for name in CORES
        for op, _ in builtins().values()
        if any(tried(kernel, name) for kernel in op.kernels)
    }
)
FLASH, RAM = 400_000, 100_000
"""Bytes of constants, and of inputs and outputs, that go into one image."""
STIMULI = 3


def fast_cases(family: str, where: Board, most: int | None) -> list[tuple[Case, Graph]]:
    """Cases that kernels made for the core serve: all, or so many of each."""
    served: dict[str, list[tuple[Case, Graph]]] = {}
    for case in importlib.import_module(f"motes.ops.{family}.cases").cases():
        graph = choose_operands(prefixed(case.graph(builtins()), case.name))
        call, *more = choose(graph, where.core.features).calls
        if (
            isinstance(call, Call) and not more and tried(call.kernel, where.name)
        ):  # not one that chooses among forms as it runs
            served.setdefault(call.kernel.function, []).append((case, graph))
    if most is None:
        return [one for cases in served.values() for one in cases]
    assert min(map(len, served.values())) >= most // 2, {name: len(cases) for name, cases in served.items()}
    return [one for cases in served.values() for one in cases[:: max(1, len(cases) // most)][:most]]


def prefixed(graph: Graph, prefix: str) -> Graph:
    """The same single-node graph, its tensors and node called after the case."""
    (node,) = graph.nodes
    new = {t: replace(t, name=f"{prefix}_{t.name}") for t in graph.tensors}
    inputs = tuple(None if t is None else new[t] for t in node.inputs)
    made = replace(node, inputs=inputs, outputs=tuple(new[t] for t in node.outputs))
    states = tuple(State(f"{prefix}_{s.name}", s.initial, new[s.read], new[s.write]) for s in graph.states)
    return Graph(prefix, *(tuple(new[t] for t in ends) for ends in (graph.inputs, graph.outputs)), (made,), states)


def batches(cases: Iterable[tuple[Case, Graph]], where: Board) -> Iterator[list[tuple[Case, Graph]]]:
    """As many cases together as an image holds."""
    batch: list[tuple[Case, Graph]] = []
    flash = ram = 0
    for case, graph in cases:
        (node,) = graph.nodes
        constants, moving = sizes(node, where)
        if batch and (flash + constants > FLASH or ram + moving > RAM):
            yield batch
            batch, flash, ram = [], 0, 0
        batch.append((case, graph))
        flash, ram = flash + constants, ram + moving
    if batch:
        yield batch


def sizes(node: Node, where: Board) -> tuple[int, int]:
    """Bytes of the constants, with room for their packed form and code; bytes of inputs, outputs and scratch."""
    tensors = [t for t in (*node.inputs, *node.outputs) if t is not None]
    (call,) = choose(Graph("one", (), (), (node,)), where.core.features).calls
    constants = sum(t.nbytes for t in tensors if t.data is not None)
    return 3 * constants + 4000, 4 * sum(t.nbytes for t in tensors if t.data is None) + Call(node, call.kernel).scratch


@pytest.mark.parametrize(("virt", "family"), FAST, indirect=["virt"])
def test_kernels_of_the_core_equal_the_portable_ones(virt: Board, family: str, request: pytest.FixtureRequest) -> None:
    most = None if request.config.getoption("--generated") else CASES if virt.name == MAIN else ELSEWHERE
    runs, wrong = 0, []
    for batch in batches(fast_cases(family, virt, most), virt):
        inputs: list[Tensor] = [t for _, graph in batch for t in graph.inputs]
        outputs: list[Tensor] = [t for _, graph in batch for t in graph.outputs]
        nodes, states = (
            tuple(x for _, graph in batch for x in of(graph)) for of in (lambda g: g.nodes, lambda g: g.states)
        )
        whole = Graph("cases", tuple(inputs), tuple(outputs), nodes, states)
        proved = compile_graph(whole, virt, "cases")
        stimuli = list(zip(*(case.stimuli(4)[-STIMULI:] for case, _ in batch), strict=True))
        portable = host.load([graph for _, graph in batch], optimise="-O1")
        (measured,) = proved.replay([[tuple(x for given in values for x in given) for values in stimuli]])
        for values, made in zip(stimuli, measured, strict=True):
            for (case, _), reference, given, got in zip(batch, portable, values, made, strict=True):
                (want,) = reference(*given)
                runs += 1
                if not np.array_equal(got, want):
                    at = np.flatnonzero(got != want)
                    first = f"{got.ravel()[at[0]]} instead of {want.ravel()[at[0]]}"
                    wrong.append(f"{case.name}: {at.size} of {got.size}, first {first}")
    assert not wrong, f"{len(wrong)} of {runs} runs differ: " + "; ".join(wrong[:5])
    assert runs > 0
