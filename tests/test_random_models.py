"""Random models against TensorFlow Lite Micro, whole graphs at a time: what single operators do not show.

`make test-generated` tries 500; a sample is tried each time.
"""

from __future__ import annotations

import numpy as np
import pytest

from conftest import oracle
from motes.build import host
from motes.errors import MotesError
from motes.oracle import Question, Refusal, ask
from motes.passes import prepare
from motes.tflite import load
from motes.verifying.comparing import wrong
from random_models import Model, random_model, withered_model

BATCH = 20
SAMPLE, ALL = 40, 500


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first" in metafunc.fixturenames:
        count = ALL if metafunc.config.getoption("--generated") else SAMPLE
        metafunc.parametrize("first", range(0, count, BATCH))


def test_every_output_equals_tflm(first: int) -> None:
    oracle("tflite_micro")
    models = [random_model(seed) for seed in range(first, first + BATCH)]
    compare(models, sanitize=True, optimise="-O1")


def test_channels_that_make_no_difference_go(first: int) -> None:
    oracle("tflite_micro")
    models = [withered_model(seed) for seed in range(first, first + BATCH // 2)]
    compare(models, optimise="-O1")
    now, before = macs(models)
    assert now < before


def test_a_third_of_the_work_goes_with_them(request: pytest.FixtureRequest) -> None:
    """In all: some models have few such channels, or channels that others need."""
    count = ALL if request.config.getoption("--generated") else SAMPLE
    now, before = macs(
        [withered_model(seed) for first in range(0, count, BATCH) for seed in range(first, first + BATCH // 2)]
    )
    assert now < before * 2 / 3


def macs(models: list[Model]) -> tuple[int, int]:
    """Multiply-accumulates of some models, prepared and as they are stored."""
    graphs = [load(model.data, model.name) for model in models]
    return sum(prepare(g).macs for g in graphs), sum(g.macs for g in graphs)


def compare(models: list[Model], **how: object) -> None:
    """Compile the models together, and hold every output to TFLM's: bytes of integers, floats within the bound."""
    problems, graphs, kept = [], [], []
    for model in models:
        try:
            graphs.append(load(model.data, model.name))
            kept.append(model)
        except MotesError as error:
            problems.append(str(error))
    assert not problems, "\n".join(problems)
    for model, graph in zip(kept, host.load(graphs, **how), strict=True):  # type: ignore[arg-type]
        stimuli = model.stimuli()
        answer = ask(Question("tflm", model.data, (tuple(stimuli),)))
        if isinstance(answer, Refusal):
            problems.append(f"{model.name} ({', '.join(model.operators)}): {answer.reason}")
            continue
        expected = [np.stack(values) for values in zip(*answer.outputs[0], strict=True)]
        got = graph.run_many(*(np.stack(values) for values in zip(*stimuli, strict=True)))
        for i, (have, want) in enumerate(zip(got, expected, strict=True)):
            assert have.shape == want.shape, model.name
            finite = want[np.isfinite(want)] if want.dtype.kind == "f" else want[:0]
            marks = wrong(have, want, float(np.ptp(finite)) if finite.size else 0.0)
            if marks.any():
                at = np.flatnonzero(marks)
                problems.append(
                    f"{model.name} ({', '.join(model.operators)}): {at.size} of {marks.size} of output {i} differ, "
                    f"first {have.ravel()[at[0]]} instead of {want.ravel()[at[0]]}"
                )
    assert not problems, "\n".join(problems)
