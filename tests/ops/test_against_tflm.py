"""Every operator family against TensorFlow Lite Micro, byte for byte, over its generated cases.

The file that TFLM interprets is the one that is imported, compiled and run here. Without the oracle's wheel, recorded
answers keep the meaning tested: `tests/golden/ops/*.npz`, written by `pytest --update-golden`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from case_models import FAMILIES, cases_of, model_of
from conftest import oracle
from motes.build import host
from motes.ir import Array
from motes.ops import builtins
from motes.ops.case import Case
from motes.tflite import load
from motes.verifying.comparing import wrong
from tflm import run_litert, run_tflm

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "ops"
RECORDED = 8
"""Cases of each operator among the recorded answers."""
MANY = 100
"""Inputs to each case that `make test-generated` tries."""
SMALL = 2500
"""Bytes of a model that is worth recording."""


@functools.cache
def answers(family: str, count: int = 0) -> dict[str, list[Array]]:
    """The oracle's outputs for every case, `count` stimuli stacked; 0: as many as a case has by itself."""
    oracle("tflite_micro")
    run = {"tflm": run_tflm, "litert": run_litert}
    return {case.name: run[case.oracle](model_of(case), case.stimuli(count)) for case in cases_of(family)}


def ulps(case: Case) -> int:
    """How many units in the last place float results of the case may be off."""
    return builtins()[case.builtin][0].ulp


@dataclass(frozen=True)
class Trial:
    """A model, its inputs stacked run by run, the outputs it must give, and how many ulp floats may be off."""

    name: str
    model: bytes
    inputs: Sequence[Array]
    outputs: Sequence[Array]
    ulp: int


def compare(trials: Sequence[Trial], floats: Callable[[Array, Array, int], Array] | None = None, **how: Any) -> None:
    """Compile all models together, run each on its stacked inputs, compare every byte of every output.

    Args:
        floats: which elements of (ours, theirs) are close enough for an operator with this bound; None: `alike`.
    """
    graphs = host.load([load(trial.model, trial.name) for trial in trials], **how)
    wrong = []
    for trial, graph in zip(trials, graphs, strict=True):
        for i, (got, want) in enumerate(zip(graph.run_many(*trial.inputs), trial.outputs, strict=True)):
            assert (got.shape, got.dtype) == (want.shape, want.dtype), trial.name
            different = np.flatnonzero(~(floats or alike)(got, want, trial.ulp).ravel())
            if different.size:
                first = f"{got.ravel()[different[0]]} instead of {want.ravel()[different[0]]}"
                wrong.append(f"{trial.name}: {different.size} of output {i}, first {first}")
    assert not wrong, f"{len(wrong)} of {len(trials)} cases differ: " + "; ".join(wrong[:5])


def span(values: Array) -> float:
    """The largest finite value minus the smallest."""
    finite = values[np.isfinite(values)]
    return float(np.ptp(finite)) if finite.size else 0.0


def alike(got: Array, want: Array, ulp: int) -> Array:
    """Element by element, whether bytes are equal; a NaN is a NaN, and floats may be `ulp` apart."""
    if got.dtype != np.float32:
        return got == want
    ordered = [np.where(v < 0, -(v & 0x7FFFFFFF), v) for v in (x.view(np.int32).astype(np.int64) for x in (got, want))]
    close = np.abs(ordered[0] - ordered[1]) <= ulp if ulp else got.view(np.int32) == want.view(np.int32)
    return np.where(np.isnan(want), np.isnan(got), close & ~np.isnan(got))


@functools.cache
def trials(family: str, count: int = 0) -> tuple[Trial, ...]:
    """Every case of a family with the oracle's answers."""
    expected = answers(family, count)
    return tuple(Trial(c.name, model_of(c), stack(c, count), expected[c.name], ulps(c)) for c in cases_of(family))


def stack(case: Case, count: int = 0) -> list[Array]:
    return [np.stack(values) for values in zip(*case.stimuli(count), strict=True)]


def test_every_operator_has_hundreds_of_cases() -> None:
    counts = dict.fromkeys(builtins(), 0)
    for family in FAMILIES:
        for case in cases_of(family):
            counts[case.builtin] += len(case.stimuli())
    assert all(count >= 200 for count in counts.values()), counts


@pytest.mark.parametrize("family", FAMILIES)
def test_every_byte_equals_tflm(family: str) -> None:
    # Unoptimised, with guards around every buffer, and every undefined operation reported.
    compare(trials(family), sanitize=True, optimise="-O0")


@pytest.mark.parametrize("family", FAMILIES)
def test_many_more_inputs(family: str, request: pytest.FixtureRequest) -> None:
    # One rounding in thousands shows what few values do not.
    if not request.config.getoption("--generated"):
        pytest.skip("tried by `make test-generated`")
    compare(trials(family, MANY), floats=near, optimise="-O1")


def near(got: Array, want: Array, ulp: int) -> Array:
    """`alike`; but where values cancel, what is left of inexact floats may be off by the bound for whole models."""
    return ~wrong(got, want, span(want)) if ulp else alike(got, want, 0)


@pytest.mark.parametrize("family", FAMILIES)
def test_optimised_code_equals_tflm(family: str) -> None:
    compare(trials(family)[::3])


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_folded_equals_tflm(family: str) -> None:
    wrong = []
    for case in cases_of(family):
        for run, values in enumerate(case.stimuli()):
            known = {t: replace(t, data=x) for t, x in zip(case.variables, values, strict=True)}
            inputs = tuple(known.get(t, t) if t is not None else None for t in case.inputs)
            (node,) = replace(case, inputs=inputs).graph(builtins()).nodes
            made = node.op.fold(node)
            for got, want in zip(made or (), (y[run] for y in answers(family)[case.name]), strict=made is not None):
                assert (got.shape, got.dtype) == (want.shape, want.dtype), case.name
                if not alike(got, want, ulps(case)).all():
                    wrong.append(f"{case.name}: {got.ravel()[:5]} instead of {want.ravel()[:5]}")
    assert not wrong, f"{len(wrong)} differ: " + "; ".join(wrong[:5])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_type_has_cases(family: str) -> None:
    for op in {builtins()[case.builtin][0] for case in cases_of(family)}:
        tried = {
            case.inputs[op.typed].dtype
            for case in cases_of(family)
            if builtins()[case.builtin][0] is op and case.inputs
        }
        assert tried == set(op.types), op


@pytest.mark.parametrize("family", FAMILIES)
def test_recorded_answers_of_tflm(family: str, update_golden: bool) -> None:
    path = GOLDEN / f"{family}.npz"
    if update_golden:
        record(family, path)
    with np.load(path) as stored:
        names = [key.removesuffix(".model") for key in stored.files if key.endswith(".model")]
        assert names

        def kept(name: str, what: str) -> list[Array]:
            return [stored[key] for key in stored.files if key.startswith(f"{name}.{what}")]

        compare(
            [
                Trial(
                    name,
                    stored[f"{name}.model"].tobytes(),
                    kept(name, "input"),
                    kept(name, "output"),
                    int(stored[f"{name}.ulp"]),
                )
                for name in names
            ]
        )


def record(family: str, path: Path) -> None:
    kept: dict[str, Array] = {}
    for builtin in dict.fromkeys(case.builtin for case in cases_of(family)):
        small = [t for t, c in zip(trials(family), cases_of(family), strict=True) if c.builtin == builtin]
        small = [t for t in small if len(t.model) < SMALL]
        for one in small[:: max(1, len(small) // RECORDED)][:RECORDED]:
            kept[f"{one.name}.model"] = np.frombuffer(one.model, np.uint8)
            kept[f"{one.name}.ulp"] = np.array(one.ulp)
            kept |= {f"{one.name}.input{i}": values for i, values in enumerate(one.inputs)}
            kept |= {f"{one.name}.output{i}": values for i, values in enumerate(one.outputs)}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **kept)
