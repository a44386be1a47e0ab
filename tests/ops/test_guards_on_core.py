"""Guard bytes around every buffer, on the virtual boards: kernels of the core, every operator, and random models.

Nothing shares memory in these images. Guards, and buffers at the start, hold one byte value; afterwards the guards must
hold it still, and the outputs must be those of the portable kernels on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from case_models import FAMILIES, cases_of, model_of, size, smallest
from cores import MAIN, share
from motes.build import cache, host
from motes.build.guards import FILL, GUARD, spans, spread
from motes.build.image import link
from motes.choose import choose
from motes.emit import emit_model, emit_profile_main
from motes.emit.model import kept_offset, offset_of
from motes.ir import Array, Graph
from motes.machine import measure
from motes.ops import builtins
from motes.ops.case import Case
from motes.passes import prepare
from motes.passes.choose_operands import choose_operands
from motes.plan import Plan, round_up
from motes.program import Call
from motes.proving import zeros
from motes.target import Board
from motes.tflite import load
from random_models import random_model
from toys import Gain, Spill, chain, values

RAM, MODELS = 100_000, 60
"""Bytes of tensors, and models, that go into one image."""
RANDOM, ALL_RANDOM = 12, 500
"""So many random models."""
CASES, ELSEWHERE = 8, 2
"""Cases of each kernel made for the core: on virt-m4, and on each other board."""
EVERY, EVERY_ELSEWHERE = 4, 8
"""Of the smallest cases of operators, one in so many."""
PARTS = 128
"""Of all cases, one in so many runs by portable kernels on each board."""
STIMULI = 3


@dataclass(frozen=True, eq=False)
class Trial:
    """A graph, and the inputs of some runs."""

    graph: Graph
    stimuli: tuple[tuple[Array, ...], ...]

    @property
    def ram(self) -> int:
        """Bytes that its tensors take, with their guards."""
        return sum(t.nbytes + 2 * GUARD for g in self.graph.within for t in g.tensors if t.data is None)


def of_case(case: Case) -> Trial:
    return Trial(load(model_of(case), case.name), case.stimuli()[-STIMULI:])


def of_model(seed: int) -> Trial:
    model = random_model(seed)
    return Trial(load(model.data, model.name), tuple(model.stimuli(STIMULI)))


def batches(trials: Sequence[Trial]) -> Iterator[list[Trial]]:
    """As many together as an image holds."""
    batch: list[Trial] = []
    for trial in trials:
        if batch and (len(batch) == MODELS or sum(t.ram for t in batch) + trial.ram > RAM):
            yield batch
            batch = []
        batch.append(trial)
    yield batch


def fast_cases(features: frozenset[str], most: int) -> list[Case]:
    """The smallest cases of each kernel that is made for a core with these features."""
    served: dict[str, list[Case]] = {}
    for family in FAMILIES:
        made = [c for c in cases_of(family) if any(kernel.needs for kernel in builtins()[c.builtin][0].kernels)]
        for case in sorted(made, key=size):
            graph = choose_operands(load(model_of(case), case.name))
            for call in choose(graph, features).calls:
                if isinstance(call, Call) and call.kernel.needs:
                    served.setdefault(call.kernel.function, []).append(case)
    return [case for cases in served.values() for case in cases[:most]]


def together(graphs: Sequence[Graph]) -> Graph:
    """One graph of them all, their nodes called after their place among them."""
    nodes = (replace(node, name=f"m{i}_{node.name}") for i, graph in enumerate(graphs) for node in graph.nodes)
    inputs, outputs = (tuple(t for g in graphs for t in ends(g)) for ends in (lambda g: g.inputs, lambda g: g.outputs))
    return Graph("cases", inputs, outputs, tuple(nodes), tuple(s for g in graphs for s in g.states))


def run_guarded(trials: Sequence[Trial], on: Board, features: frozenset[str]) -> None:
    """Run them in one image; nothing but their buffers may change, and the outputs must be right."""
    program = choose(prepare(together([trial.graph for trial in trials])), features)
    graph, where = program.graph, spread(program)
    main = emit_profile_main(program, where, "cases", zeros(graph.inputs), prints=False)
    sources = {**emit_model(program, where, "cases"), **main}
    out = cache.folder() / "images" / cache.digest(on.name, json.dumps(sources, sort_keys=True))[:20]
    image = link(sources, on, out, name="image", prefix="cases")
    portable = host.load([trial.graph for trial in trials], optimise="-O1")
    for run in range(STIMULI):
        inputs = [x for trial in trials for x in trial.stimuli[run]]
        before = filled(graph, where, inputs)
        overwrite = {"motes_model": before.tobytes()}
        found = measure(image.kept, on, {}, overwrite=overwrite, read=["motes_model"]).symbols["motes_model"]
        after = np.frombuffer(found, np.uint8)
        outside = np.flatnonzero((after != FILL) & guards(where))
        assert not outside.size, f"byte {outside[0]} is no buffer's: {nearest(where, int(outside[0]))}"
        outputs = iter(graph.outputs)
        for trial, reference in zip(trials, portable, strict=True):
            reference.reset()
            for want in reference(*trial.stimuli[run]):
                at = offset_of(next(outputs), where)
                got = after[at : at + want.nbytes].view(want.dtype).reshape(want.shape)
                assert np.array_equal(got, want, equal_nan=want.dtype.kind == "f"), trial.graph.name


def filled(graph: Graph, where: Plan, inputs: Sequence[Array]) -> Array:
    """The memory before a run: inputs and states, and around them the byte of guards."""
    memory = np.full(kept_offset(where) + round_up(where.kept_size), FILL, np.uint8)
    held = [*zip(graph.inputs, inputs, strict=True), *((s.read, s.initial) for s in graph.states)]
    for tensor, value in held:
        at = offset_of(tensor, where)
        memory[at : at + tensor.nbytes] = np.frombuffer(np.ascontiguousarray(value).tobytes(), np.uint8)
    return memory


def guards(where: Plan) -> Array:
    """Which bytes of the memory are guards."""
    made = np.ones(kept_offset(where) + round_up(where.kept_size), bool)
    for span in spans(where):
        made[span] = False
    return made


def nearest(where: Plan, at: int) -> str:
    """The tensors in front of and behind this byte."""
    places = sorted((offset_of(t, where), t.name) for t in (*where.offsets, *where.kept))
    front, behind = ([name for place, name in places if (place > at) is later] for later in (False, True))
    return f"it lies behind {front[-1:]} and before {behind[:1]}"


def test_kernels_made_for_the_core(virt: Board) -> None:
    cases = fast_cases(virt.core.features, CASES if virt.name == MAIN else ELSEWHERE)
    assert cases
    for batch in batches([of_case(case) for case in cases]):
        run_guarded(batch, virt, virt.core.features)


def test_every_operator(virt: Board, request: pytest.FixtureRequest) -> None:
    every = EVERY if virt.name == MAIN else EVERY_ELSEWHERE
    every = 1 if request.config.getoption("--generated") else every
    for batch in batches([of_case(case) for case in smallest()[::every]]):
        run_guarded(batch, virt, virt.core.features)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "part" in metafunc.fixturenames:
        metafunc.parametrize("part", range(PARTS if metafunc.config.getoption("--generated") else 1))


def test_every_operator_by_portable_kernels(virt: Board, part: int) -> None:
    """Those that serve every core, whatever it has kernels of its own for."""
    cases = [c for family in FAMILIES for c in cases_of(family) if share(c.name, PARTS) == part]
    assert len(cases) > 50
    for batch in batches([of_case(case) for case in cases]):
        run_guarded(batch, virt, frozenset())


def test_random_models(virt: Board, request: pytest.FixtureRequest) -> None:
    count = ALL_RANDOM if request.config.getoption("--generated") else RANDOM
    for batch in batches([of_model(seed) for seed in range(count)]):
        run_guarded(batch, virt, virt.core.features)


def test_a_guard_that_is_overwritten_is_found(virt: Board) -> None:
    spilled = Trial(chain(Gain(1), Spill(1), Gain(1), name="inner"), ((values(),),) * STIMULI)
    with pytest.raises(AssertionError, match=r"is no buffer's: it lies behind \['t2'\] and before \['t3'\]"):
        run_guarded([spilled], virt, frozenset())
