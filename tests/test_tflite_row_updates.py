"""Rows that a loop writes by joining parts of computed sizes: one update each, equal to LiteRT. TFLM cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kept_rows import inputs, keeping_sums
from motes.build import host
from motes.errors import MotesError
from motes.ir import Control, DType, Graph
from motes.ops.slice.op import SliceAt
from motes.ops.update.op import DynamicUpdateSlice
from motes.tflite import load
from motes.verifying import verify
from tflm import run_litert


def body_of(graph: Graph) -> Graph:
    (op,) = (n.op for n in graph.nodes if isinstance(n.op, Control))
    return op.bodies[-1]


@pytest.mark.parametrize("index", [DType.INT32, DType.INT64])
@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.INT8])
@pytest.mark.parametrize("shape", [(6, 1, 5), (4, 3), (1, 2)])
def test_rows_that_a_loop_keeps_equal_litert(shape: tuple[int, ...], dtype: DType, index: DType) -> None:
    data = keeping_sums(shape, dtype=dtype, index=index)
    graph = load(data, "sums")
    ops = [type(n.op) for n in body_of(graph).nodes]
    assert DynamicUpdateSlice in ops and SliceAt not in ops
    given = inputs(shape, dtype)
    (want,) = run_litert(data, given)
    assert np.any(want[:, -1] != 0)
    (ours,) = host.load([graph], sanitize=True)
    for x, expected in zip(given, want, strict=True):
        assert ours(*x)[0].tolist() == expected.tolist()


def test_a_row_is_one_number() -> None:
    data = keeping_sums((7,))
    given = inputs((7,), DType.FLOAT32)
    (ours,) = host.load([load(data, "sums")], sanitize=True)
    for (x,) in given:
        assert ours(x)[0].tolist() == np.cumsum(x).tolist()


@pytest.mark.parametrize("other", [{"step": 2}, {"size": 1}, {"also_kept": True}], ids=str)
def test_sizes_that_do_not_follow_are_refused(other: dict[str, int]) -> None:
    with pytest.raises(MotesError, match=r"SLICE .* the size of before .* is told by sizes .*unroll=True"):
        load(keeping_sums((4, 2), **other), "sums")  # type: ignore[arg-type]


def test_tflm_is_not_asked_where_tensors_change_their_size(tmp_path: Path) -> None:
    path = tmp_path / "sums.tflite"
    path.write_bytes(keeping_sums((5, 3)))
    found = verify(path, "host", count=2)
    assert (found.oracle, found.status) == ("litert", "equal")
