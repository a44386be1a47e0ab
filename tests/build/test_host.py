"""Graphs as libraries for this machine: right answers, checked inputs, kept states, and loud failures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from motes.build import host
from motes.errors import BadInput, BuildFailed
from motes.ir import Graph, Node
from toys import COUNT, Add, Gain, Spill, Undefined, chain, ints, line, total, values


def test_a_graph_computes_what_its_kernels_say() -> None:
    (graph,) = host.load([chain(Gain(3), Gain(-5))])
    (y,) = graph(values())
    assert y.dtype == np.int32
    assert np.array_equal(y, values() * -15)


def test_many_graphs_share_one_library() -> None:
    graphs = host.load([chain(Gain(i), name=f"gain {i}") for i in range(20)])
    assert [int(g(np.ones((2, COUNT // 2), np.int32))[0][0, 0]) for g in graphs] == list(range(20))
    assert len({id(g._library) for g in graphs}) == 1


def test_two_graphs_do_not_share_memory() -> None:
    first, second = host.load([total(), total()])
    first(values())
    assert np.array_equal(second(values())[0], values() + 10)


def test_states_are_kept_until_reset() -> None:
    (graph,) = host.load([total()])
    first, second = graph(values(1))[0], graph(values(2))[0]
    assert np.array_equal(first, values(1) + 10)
    assert np.array_equal(second, values(1) + values(2) + 10)
    graph.reset()
    assert np.array_equal(graph(values(2))[0], values(2) + 10)


def test_run_many_is_one_run_after_the_other() -> None:
    (graph,) = host.load([total()])
    batch = np.stack([values(i) for i in range(50)])
    (sums,) = graph.run_many(batch)
    assert sums.shape == batch.shape
    assert np.array_equal(sums, np.cumsum(batch, axis=0) + 10)


def test_run_many_takes_no_run_too() -> None:
    (graph,) = host.load([chain(Gain(2))])
    (y,) = graph.run_many(np.empty((0, 2, COUNT // 2), np.int32))
    assert y.shape == (0, 2, COUNT // 2)


def test_arrays_may_be_strided() -> None:
    (graph,) = host.load([chain(Gain(1))])
    wide = np.arange(2 * COUNT, dtype=np.int32).reshape(2, COUNT)
    assert np.array_equal(graph(wide[:, ::2])[0], wide[:, ::2])


def test_floats_are_rounded_after_every_operation() -> None:
    rng = np.random.default_rng(0)
    x, offsets = (rng.standard_normal(1000).astype(np.float32) for _ in range(2))
    (graph,) = host.load([line(np.float32(1.1), offsets)])
    expected = (np.float32(1.1) * x).astype(np.float32) + offsets
    assert np.array_equal(graph(x)[0], expected)
    fused = (np.float64(np.float32(1.1)) * x + offsets).astype(np.float32)
    assert not np.array_equal(fused, expected), "the values would not tell a fused multiply-add"


@pytest.mark.parametrize("sanitize", [False, True])
def test_levels_of_optimisation_agree(sanitize: bool) -> None:
    (quick,) = host.load([chain(Gain(7))], optimise="-O1", sanitize=sanitize)
    (usual,) = host.load([chain(Gain(7))], sanitize=sanitize)
    assert np.array_equal(quick(values())[0], usual(values())[0])


def test_a_wrong_dtype_is_refused() -> None:
    (graph,) = host.load([chain(Gain(1))])
    with pytest.raises(BadInput, match=r"input t0 takes int32 of shape \(2, 12\), given is float64 of shape \(2, 12\)"):
        graph(np.zeros((2, 12)))


def test_a_wrong_shape_is_refused() -> None:
    (graph,) = host.load([chain(Gain(1))])
    with pytest.raises(BadInput, match=r"takes int32 of shape \(2, 12\), given is int32 of shape \(12,\)"):
        graph(np.zeros(12, np.int32))


def test_a_wrong_number_of_inputs_is_refused() -> None:
    (graph,) = host.load([chain(Gain(1), name="one")])
    with pytest.raises(BadInput, match="one has 1 inputs, 2 are given"):
        graph(values(), values())


def test_inputs_with_different_numbers_of_runs_are_refused() -> None:
    x, y, z = ints("x"), ints("y"), ints("z")
    (graph,) = host.load([Graph("two", (x, y), (z,), (Node("add", Add(), (x, y), (z,)),))])
    with pytest.raises(BadInput, match="input y takes int32"):
        graph.run_many(np.zeros((3, *x.shape), np.int32), np.zeros((2, *x.shape), np.int32))


# ------------------------------------------------------------------------------------------------ loud failures


def test_overflow_is_reported_with_its_place() -> None:
    (graph,) = host.load([chain(Gain(1 << 20), name="loud")], sanitize=True)
    with pytest.raises(BuildFailed, match=r"loud: undefined behaviour: .*toys\.h:\d+:\d+: a product overflows"):
        graph(np.full((2, COUNT // 2), 1 << 20, np.int32))


UNDEFINED = (
    "a sum overflows",
    "a difference overflows",
    "a product overflows",
    "a negation overflows",
    "a division by zero",
    "a shift by too much",
    "an index outside its array",
    "a null or misaligned pointer",
    "a float that does not fit",
)


@pytest.mark.parametrize("kind", range(len(UNDEFINED)))
def test_every_kind_of_undefined_behaviour_is_reported(kind: int) -> None:
    graphs = host.load([chain(Undefined(k)) for k in range(len(UNDEFINED))], sanitize=True)
    graph = graphs[kind]
    graph(np.zeros((2, COUNT // 2), np.int32))
    with pytest.raises(BuildFailed, match=rf"toys\.h:\d+:\d+: {UNDEFINED[kind]}"):
        graph(np.ones((2, COUNT // 2), np.int32))


def test_a_reported_overflow_does_not_taint_the_next_run() -> None:
    (graph,) = host.load([chain(Gain(1 << 20))], sanitize=True)
    with pytest.raises(BuildFailed):
        graph(np.full((2, COUNT // 2), 1 << 20, np.int32))
    assert graph(np.ones((2, COUNT // 2), np.int32))[0][0, 0] == 1 << 20


def test_a_write_behind_the_memory_is_caught_always() -> None:
    (graph,) = host.load([chain(Spill(8), name="spill")])
    with pytest.raises(BuildFailed, match="spill: a kernel wrote outside its buffers"):
        graph(values())


def test_a_write_behind_a_buffer_is_caught_by_its_own_guard() -> None:
    graphs = [chain(Gain(1), Spill(1), Gain(1), name="inner")]
    (careful,) = host.load(graphs, sanitize=True)
    with pytest.raises(BuildFailed, match="inner: a kernel wrote outside its buffers"):
        careful(values())


def test_sanitized_graphs_give_the_same_answers() -> None:
    graphs = [total(), chain(Gain(2), Gain(3))]
    for plain, careful in zip(host.load(graphs), host.load(graphs, sanitize=True), strict=True):
        for seed in range(3):
            assert np.array_equal(plain(values(seed))[0], careful(values(seed))[0])


# ------------------------------------------------------------------------------------------------ what is compiled when


def test_the_same_graphs_are_compiled_once(cache_folder: Path, starts: list[str]) -> None:
    graphs = [chain(Gain(i)) for i in range(3)]
    host.load(graphs)
    assert starts.count("graphs.so") == 1
    starts.clear()
    host.load(graphs)
    assert starts == []


def test_only_what_changed_is_compiled_again(cache_folder: Path, starts: list[str]) -> None:
    graphs = [chain(Gain(i)) for i in range(2 * host.GRAPHS_A_UNIT)]
    host.load(graphs)
    starts.clear()
    host.load([*graphs[:-1], chain(Gain(99))])
    assert starts == ["graphs_1.c.o", "graphs.so"]


def test_a_hundred_graphs_are_few_units(cache_folder: Path, starts: list[str]) -> None:
    host.load([chain(Gain(i)) for i in range(100)], optimise="-O1")
    assert len(starts) < 20


def test_nothing_is_left_in_the_workshop(cache_folder: Path) -> None:
    host.load([chain(Gain(1))])
    assert list((cache_folder / "work").iterdir()) == []
