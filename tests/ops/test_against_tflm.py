"""Every operator family against TensorFlow Lite Micro, byte for byte, over its generated cases.

The file that TFLM interprets is the one that is imported, compiled and run here. Without the oracle's wheel, recorded
answers keep the meaning tested: `tests/golden/ops/*.npz`, written by `pytest --update-golden`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from conftest import oracle
from motes.build import host
from motes.ir import Array
from motes.ops import builtins, families
from motes.ops.case import Case
from motes.tflite import load
from tflite_writer import Operator, write_model
from tflm import run_tflm

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ops"
RECORDED = 24
"""Cases of each operator among the recorded answers."""
SMALL = 2500
"""Bytes of a model that is worth recording."""

FAMILIES = [
    name.split(".")[-2]
    for name in families()
    if importlib.util.find_spec(name.removesuffix("op") + "cases") is not None
]


@functools.cache
def cases_of(family: str) -> tuple[Case, ...]:
    return tuple(importlib.import_module(f"motes.ops.{family}.cases").cases())


def model_of(case: Case) -> bytes:
    operator = Operator(case.builtin, case.inputs, case.outputs, case.options)
    return write_model([operator], case.variables, case.outputs)


@functools.cache
def answers(family: str) -> dict[str, Array]:
    """TFLM's output for every case, its stimuli stacked."""
    oracle("tflite_micro")
    return {case.name: run_tflm(model_of(case), case.stimuli())[0] for case in cases_of(family)}


def compare(
    names: Sequence[str],
    models: Sequence[bytes],
    stacked: Sequence[Sequence[Array]],
    expected: Sequence[Array],
    **how: object,
) -> None:
    """Compile all models together, run each on its stacked inputs, compare every byte."""
    graphs = [load(model, name) for name, model in zip(names, models, strict=True)]
    wrong = []
    for name, graph, inputs, want in zip(names, host.load(graphs, **how), stacked, expected, strict=True):
        (got,) = graph.run_many(*inputs)
        assert (got.shape, got.dtype) == (want.shape, want.dtype), name
        different = np.flatnonzero(got.view(np.uint8) != want.view(np.uint8))
        if different.size:
            at = int(different[0]) // got.itemsize
            wrong.append(f"{name}: {different.size} bytes, first {got.ravel()[at]} instead of {want.ravel()[at]}")
    assert not wrong, f"{len(wrong)} of {len(names)} cases differ: " + "; ".join(wrong[:5])


def stack(case: Case) -> list[Array]:
    return [np.stack(values) for values in zip(*case.stimuli(), strict=True)]


def test_every_operator_has_hundreds_of_cases() -> None:
    counts = dict.fromkeys(builtins(), 0)
    for family in FAMILIES:
        for case in cases_of(family):
            counts[case.builtin] += len(case.stimuli())
    assert all(count >= 200 for count in counts.values()), counts


@pytest.mark.parametrize("family", FAMILIES)
def test_every_byte_equals_tflm(family: str) -> None:
    # Unoptimised, with guards around every buffer, and every undefined operation reported.
    cases, expected = cases_of(family), answers(family)
    compare(
        [c.name for c in cases],
        [model_of(c) for c in cases],
        [stack(c) for c in cases],
        [expected[c.name] for c in cases],
        sanitize=True,
        optimise="-O0",
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_optimised_code_equals_tflm(family: str) -> None:
    cases, expected = cases_of(family)[::3], answers(family)
    compare(
        [c.name for c in cases],
        [model_of(c) for c in cases],
        [stack(c) for c in cases],
        [expected[c.name] for c in cases],
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_recorded_answers_of_tflm(family: str, update_golden: bool) -> None:
    path = GOLDEN / f"{family}.npz"
    if update_golden:
        record(family, path)
    with np.load(path) as stored:
        names = [key.removesuffix(".model") for key in stored.files if key.endswith(".model")]
        assert names
        compare(
            names,
            [stored[f"{name}.model"].tobytes() for name in names],
            [[stored[k] for k in stored.files if k.startswith(f"{name}.input")] for name in names],
            [stored[f"{name}.output"] for name in names],
        )


def record(family: str, path: Path) -> None:
    kept: dict[str, Array] = {}
    for builtin in dict.fromkeys(case.builtin for case in cases_of(family)):
        small = [c for c in cases_of(family) if c.builtin == builtin and len(model_of(c)) < SMALL]
        for case in small[:: max(1, len(small) // RECORDED)][:RECORDED]:
            kept[f"{case.name}.model"] = np.frombuffer(model_of(case), np.uint8)
            # Extremes at random, and uniform values.
            kept |= {f"{case.name}.input{i}": values[2:] for i, values in enumerate(stack(case))}
            kept[f"{case.name}.output"] = answers(family)[case.name][2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **kept)
